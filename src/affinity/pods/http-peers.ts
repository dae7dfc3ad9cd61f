import { type Clock } from '../../common/clock.js';
import { type ManagementServer } from '../../health/management-server.js';
import { type PodIdentity } from '../pod.js';
import { PeerClient } from './peer-client.js';
import { PeerGuard } from './peer-guard.js';
import { PeerServer } from './peer-server.js';
import { type PeerSigner } from './peer-wire.js';
import { type PeerOperation, type PeerReply, Peers, type RelayRequest, type RelaySocket } from './peers.js';
import { type PeerLog } from './rare-log.js';

export interface HttpPeersOptions {
  /** This process, with the address at which the others reach `server`. */
  self: PodIdentity;
  /** Shared by all pods of the deployment. */
  signer: PeerSigner;
  server: ManagementServer;
  clock: Clock;
  log: PeerLog;
  /** Milliseconds since 1970. */
  nowUnixMs?: () => number;
}

/**
 * Pods talk HTTP over the management port: `POST /pods/<operation>` with JSON, and a WebSocket at `/pods/stream` for each
 * relayed media socket. Requests and answers are signed (see `peer-wire.ts`); nothing is encrypted, as the cluster's
 * network is trusted to keep secrets, and not to keep strangers out.
 */
export class HttpPeers extends Peers {
  private readonly client: PeerClient;
  private readonly guard: PeerGuard;
  private readonly server: PeerServer;

  /** Answers from now on, so it should be made before `server` listens. */
  constructor({ self, signer, server, clock, log, nowUnixMs = Date.now }: HttpPeersOptions) {
    super();
    this.client = new PeerClient(signer, self, clock, log, nowUnixMs);
    this.guard = new PeerGuard(signer, self, clock, log, nowUnixMs);
    this.server = new PeerServer(server, signer, this.guard, self, log);
  }

  /** Requests that were refused with 401 since the start. */
  get refusedRequests(): number {
    return this.guard.refused;
  }

  ask<Q, R>(pod: PodIdentity, operation: PeerOperation<Q, R>, request: Q, timeoutMs: number): Promise<PeerReply<R>> {
    return this.client.ask(pod, operation, request, timeoutMs);
  }

  answer<Q, R>(
    operation: PeerOperation<Q, R>,
    handler: (request: Q, from: PodIdentity) => Promise<R | undefined>,
  ): void {
    this.server.answer(operation, handler);
  }

  probe(pod: PodIdentity, timeoutMs: number): Promise<'alive' | 'dead' | 'silent'> {
    return this.client.probe(pod, timeoutMs);
  }

  openRelay(pod: PodIdentity, request: RelayRequest, timeoutMs: number): Promise<PeerReply<RelaySocket>> {
    return this.client.openRelay(pod, request, timeoutMs);
  }

  onRelay(
    handler: (socket: RelaySocket, request: RelayRequest, from: PodIdentity) => void,
    wanted?: (request: RelayRequest, from: PodIdentity) => boolean,
  ): void {
    this.server.onRelay(handler, wanted);
  }

  /** Ends relayed sockets and idle connections. The operations are answered for as long as the server is. */
  async close(): Promise<void> {
    this.client.close();
    await this.server.close();
  }
}
