import { type PodIdentity } from '../../../affinity/pod.js';
import { type PeerOperation, type PeerReply, Peers, type RelaySocket } from '../../../affinity/pods/peers.js';
import { type Clock, pause } from '../../../common/clock.js';

/**
 * How a pod stands to the others. `gone`: its port is closed. `silent`: nothing comes back from its address, whether it
 * lives or not.
 */
export type Reach = 'there' | 'gone' | 'silent';

type Handler = (request: unknown, from: PodIdentity) => Promise<unknown>;

/** Who is at which address. */
export class Neighbourhood {
  readonly at = new Map<string, NearPeers>();
}

/** Pods of one process: what one asks goes straight to the handlers of the other. */
export class NearPeers extends Peers {
  reach: Reach = 'there';
  /** Operations asked of others, as `name pod`. */
  readonly asked: string[] = [];
  private readonly handlers = new Map<string, { operation: PeerOperation<unknown, unknown>; handler: Handler }>();

  constructor(
    readonly self: PodIdentity,
    private readonly neighbours: Neighbourhood,
    private readonly clock: Clock,
    private readonly pause: () => Promise<void>,
  ) {
    super();
    neighbours.at.set(self.address, this);
  }

  async ask<Q, R>(
    pod: PodIdentity,
    operation: PeerOperation<Q, R>,
    request: Q,
    timeoutMs: number,
  ): Promise<PeerReply<R>> {
    this.asked.push(`${operation.name} ${pod.uid}`);
    const found = await this.look(pod, timeoutMs);
    if (found === 'dead' || found === 'silent') return { ok: false, why: found, detail: 'on purpose' };
    const answering = found.handlers.get(operation.name);
    if (!answering) return { ok: false, why: 'failed', detail: 'not ready' };
    try {
      const sent = operation.request.parse(JSON.parse(JSON.stringify(request)));
      const reply = await answering.handler(sent, this.self);
      await this.pause();
      if (reply === undefined) return { ok: false, why: 'declined', detail: '' };
      return { ok: true, reply: operation.reply.parse(JSON.parse(JSON.stringify(reply))) };
    } catch (error) {
      return { ok: false, why: 'failed', detail: String(error) };
    }
  }

  answer<Q, R>(
    operation: PeerOperation<Q, R>,
    handler: (request: Q, from: PodIdentity) => Promise<R | undefined>,
  ): void {
    this.handlers.set(operation.name, {
      operation: operation,
      handler: handler as Handler,
    });
  }

  async probe(pod: PodIdentity, timeoutMs: number): Promise<'alive' | 'dead' | 'silent'> {
    this.asked.push(`probe ${pod.uid}`);
    const found = await this.look(pod, timeoutMs);
    return typeof found === 'string' ? found : 'alive';
  }

  /** Sockets are no part of this: see `LandedStream`. */
  async openRelay(): Promise<PeerReply<RelaySocket>> {
    return { ok: false, why: 'failed', detail: 'there are no sockets here' };
  }
  onRelay(): void {
    // Nor here.
  }

  /** Who answers at a pod's address. */
  async look(pod: PodIdentity, timeoutMs: number): Promise<NearPeers | 'dead' | 'silent'> {
    await this.pause();
    const there = this.neighbours.at.get(pod.address);
    if (!there || there.reach === 'gone') return 'dead';
    if (there.reach === 'silent' || this.reach === 'silent') {
      await pause(this.clock, timeoutMs);
      return 'silent';
    }
    return there.self.bootId === pod.bootId ? there : 'dead';
  }
}
