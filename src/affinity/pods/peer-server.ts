import { type IncomingMessage } from 'node:http';
import { type Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { parseJson } from '../../common/parse-json.js';
import {
  type ManagementPost,
  type ManagementReply,
  type ManagementServer,
  MAX_BODY_BYTES,
} from '../../health/management-server.js';
import { refuseUpgrade } from '../../health/refuse-upgrade.js';
import { type PodIdentity } from '../pod.js';
import { type PeerGuard } from './peer-guard.js';
import {
  MAX_FRAME_BYTES,
  pack,
  type PeerSigner,
  PODS_PATH,
  PROBE,
  signAnswer,
  STREAM_PATH,
  unpackRelay,
} from './peer-wire.js';
import { type PeerOperation, type RelayRequest, type RelaySocket } from './peers.js';
import { type PeerLog } from './rare-log.js';

interface Outcome {
  status: number;
  body: string;
}

type Operation = (body: Buffer, from: PodIdentity) => Promise<Outcome>;
type RelayHandler = (socket: RelaySocket, request: RelayRequest, from: PodIdentity) => void;
type RelayChoice = (request: RelayRequest, from: PodIdentity) => boolean;

const NOTHING = Buffer.alloc(0);
/** How long peers get to answer a close frame when this pod leaves. */
const CLOSE_GRACE_MS = 200;

/** Answers other pods. Every answer but 401 names this process and is signed, bound to the request that it answers. */
export class PeerServer {
  private readonly self: string;
  private readonly operations = new Map<string, Operation>([[PROBE, async () => ({ status: 200, body: '' })]]);
  private readonly sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME_BYTES,
  });
  /** What goes into the answer to an upgrade that is let in. */
  private readonly upgradeHeaders = new WeakMap<IncomingMessage, Readonly<Record<string, string>>>();
  private relay: { handler: RelayHandler; wanted: RelayChoice } | undefined;

  constructor(
    server: ManagementServer,
    private readonly signer: PeerSigner,
    private readonly guard: PeerGuard,
    self: PodIdentity,
    private readonly log: PeerLog,
  ) {
    this.self = pack(self);
    this.sockets.on('headers', (lines, request) => {
      const headers = this.upgradeHeaders.get(request) ?? {};
      lines.push(...Object.entries(headers).map(([name, value]) => `${name}: ${value}`));
    });
    server.post(PODS_PATH, (request) => this.post(request));
    server.upgrade(STREAM_PATH, (request, socket, head) => this.upgrade(request, socket, head));
  }

  answer<Q, R>(
    operation: PeerOperation<Q, R>,
    handler: (request: Q, from: PodIdentity) => Promise<R | undefined>,
  ): void {
    const { name } = operation;
    if (this.operations.has(name)) throw new Error(`two answers to the operation '${name}'`);
    this.operations.set(name, async (body, from) => {
      const request = operation.request.safeParse(parseJson(body));
      if (!request.success) return { status: 400, body: '' };
      const reply = await handler(request.data, from);
      if (reply === undefined) return { status: 404, body: '' };
      const text = JSON.stringify(reply);
      if (Buffer.byteLength(text) > MAX_BODY_BYTES) throw new Error(`the reply to '${name}' is too long`);
      return { status: 200, body: text };
    });
  }

  onRelay(handler: RelayHandler, wanted: RelayChoice = () => true): void {
    this.relay = { handler, wanted };
  }

  /** Ends the sockets that were relayed here: with a close frame, then without. */
  async close(): Promise<void> {
    this.relay = undefined;
    const clients = [...this.sockets.clients];
    const closed = Promise.all(clients.map((client) => new Promise((resolve) => client.once('close', resolve))));
    for (const client of clients) client.close(1001, 'shutting down');
    const grace = setTimeout(() => clients.forEach((client) => client.terminate()), CLOSE_GRACE_MS);
    await closed;
    clearTimeout(grace);
  }

  private async post({ path, headers, body }: ManagementPost): Promise<ManagementReply> {
    const verdict = this.guard.check({ method: 'POST', path, headers, body });
    if (!verdict.admit && verdict.status === 401) return { status: 401, body: '' };
    const outcome = verdict.admit
      ? await this.operate(path.slice(PODS_PATH.length), body, verdict.from)
      : { status: 410, body: '' };
    return {
      ...outcome,
      headers: {
        'Content-Type': 'application/json',
        ...signAnswer(this.signer, verdict.mac, outcome.status, outcome.body, this.self),
      },
    };
  }

  private async operate(name: string, body: Buffer, from: PodIdentity): Promise<Outcome> {
    const operation = this.operations.get(name);
    if (!operation) return { status: 404, body: '' };
    try {
      return await operation(body, from);
    } catch (error) {
      this.log.error({ err: error, operation: name, pod: from.name }, 'request of another pod failed');
      return { status: 500, body: '' };
    }
  }

  private upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const verdict = this.guard.check({ method: 'GET', path: STREAM_PATH, headers: request.headers, body: NOTHING });
    if (!verdict.admit && verdict.status === 401) return refuseUpgrade(socket, 401);
    const signed = (status: number) => signAnswer(this.signer, verdict.mac, status, '', this.self);
    if (!verdict.admit) return refuseUpgrade(socket, 410, signed(410));
    const relayRequest = unpackRelay(verdict.relay);
    if (!relayRequest) return refuseUpgrade(socket, 400, signed(400));
    const { relay } = this;
    if (!relay?.wanted(relayRequest, verdict.from)) return refuseUpgrade(socket, 404, signed(404));
    this.upgradeHeaders.set(request, signed(101));
    this.sockets.handleUpgrade(request, socket, head, (client) => {
      // The handler has its own; this one is for what happens before it has.
      client.on('error', () => undefined);
      try {
        relay.handler({ socket: client, transport: socket }, relayRequest, verdict.from);
      } catch (error) {
        this.log.error({ err: error, pod: verdict.from.name }, 'relayed media socket could not be taken');
        client.terminate();
      }
    });
  }
}
