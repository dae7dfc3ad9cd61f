import { Agent, createServer, get, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, Socket } from 'node:net';
import { type Duplex } from 'node:stream';

/** A pod as the balancer sees it: two ports of 127.0.0.1 that stay the same when its process is replaced. */
export interface BalancedPod {
  readonly port: number;
  readonly managementPort: number;
}

/** A webhook on its way; what could not be read from its body is undefined. */
export interface WebhookTraffic {
  readonly eventType: string | undefined;
  readonly callControlId: string | undefined;
  /** 1 for the first delivery of an event. */
  readonly attempt: number | undefined;
}

export interface SocketTraffic {
  /** Path of the upgrade request. */
  readonly path: string;
}

/**
 * Where traffic goes: round robin over the pods that are ready, always the same pod (its number, the first is 1), or one
 * of the two as a function says. A pod that was named gets it ready or not; one that refuses the connection is passed over.
 */
export type Policy<T> = 'round-robin' | number | ((traffic: T) => 'round-robin' | number);

/** A webhook that was passed on, and the pod that answered it; undefined: none did, and the balancer answered 502 or 503. */
export interface PassedWebhook extends WebhookTraffic {
  readonly pod: number | undefined;
  readonly status: number;
  readonly atMs: number;
}

/** A media socket that reached a pod. Times are of `performance.now()`. */
export interface PassedSocket extends SocketTraffic {
  readonly pod: number;
  readonly openedAtMs: number;
  closedAtMs: number | undefined;
}

const PROBE_EVERY_MS = 100;
/** A pod that does not answer by then gets no new traffic: its process may be stopped. */
const PROBE_LIMIT_MS = 500;
/** Nothing here is longer: Telnyx waits 2 s for a webhook. */
const REPLY_LIMIT_MS = 10_000;

interface Target extends BalancedPod {
  readonly number: number;
  ready: boolean;
  probing: boolean;
}

/**
 * What stands in front of the pods: an ingress that knows nothing of calls. Webhooks are passed on whole, each to one pod,
 * and to the next one where a connection is refused; media sockets are joined byte by byte, and a pod that dies resets them.
 */
export class LoadBalancer {
  /** In the order in which they were answered. */
  readonly webhooks: PassedWebhook[] = [];
  /** In the order in which they were opened. */
  readonly sockets: PassedSocket[] = [];
  private webhookPolicy: Policy<WebhookTraffic> = 'round-robin';
  private socketPolicy: Policy<SocketTraffic> = 'round-robin';
  private readonly targets: Target[];
  private readonly turns = { webhooks: 0, sockets: 0 };
  private readonly agent = new Agent({ keepAlive: true });
  private readonly pairs = new Map<Duplex, Socket>();
  private readonly probes: NodeJS.Timeout;

  private constructor(
    private readonly server: Server,
    pods: readonly BalancedPod[],
  ) {
    this.targets = pods.map(({ port, managementPort }, index) => {
      return { port, managementPort, number: index + 1, ready: false, probing: false };
    });
    server.on('request', (incoming, response) => {
      this.takeWebhook(incoming, response).catch(() => response.destroy());
    });
    server.on('upgrade', (incoming, socket, head) => this.takeSocket(incoming, socket, head));
    server.on('clientError', (_error, socket) => socket.destroy());
    server.on('error', () => undefined);
    this.probes = setInterval(() => this.probeAll(), PROBE_EVERY_MS);
    this.probeAll();
  }

  /** Listens on a free port of 127.0.0.1. The pods need not be there yet. */
  static async start(pods: readonly BalancedPod[]): Promise<LoadBalancer> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new LoadBalancer(server, pods);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Numbers of the pods that get new traffic. */
  get ready(): readonly number[] {
    return this.targets.filter((target) => target.ready).map(({ number }) => number);
  }

  webhooksTo(policy: Policy<WebhookTraffic>): void {
    this.webhookPolicy = policy;
  }

  socketsTo(policy: Policy<SocketTraffic>): void {
    this.socketPolicy = policy;
  }

  /** Media sockets that are open now; only those of one pod, where it is given. */
  openSockets(pod?: number): PassedSocket[] {
    return this.sockets.filter(
      (socket) => socket.closedAtMs === undefined && (pod === undefined || socket.pod === pod),
    );
  }

  /** Resets every media socket, both ways, as an ingress does whose configuration was reloaded. @returns how many. */
  cutSockets(): number {
    for (const [client, upstream] of this.pairs) {
      reset(client);
      reset(upstream);
    }
    return this.pairs.size;
  }

  /** Resolves when exactly these pods are ready; rejects after `timeoutMs`. */
  async waitForReady(pods: readonly number[], timeoutMs = 10_000): Promise<void> {
    const wanted = [...pods].sort().join();
    const until = performance.now() + timeoutMs;
    while (this.ready.join() !== wanted) {
      if (performance.now() > until) throw new Error(`pods ready: ${this.ready.join() || 'none'}, wanted: ${wanted}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async close(): Promise<void> {
    clearInterval(this.probes);
    this.cutSockets();
    this.agent.destroy();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  /** The pods to try, one after the other. */
  private candidates<T>(policy: Policy<T>, traffic: T, kind: 'webhooks' | 'sockets'): Target[] {
    const choice = typeof policy === 'function' ? policy(traffic) : policy;
    const ready = this.targets.filter((target) => target.ready);
    const turn = ready.length === 0 ? 0 : this.turns[kind]++ % ready.length;
    const inTurn = [...ready.slice(turn), ...ready.slice(0, turn)];
    const named = this.targets.filter(({ number }) => number === choice);
    return [...named, ...inTurn.filter((target) => !named.includes(target))];
  }

  private async takeWebhook(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    incoming.on('error', () => undefined);
    response.on('error', () => undefined);
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const traffic = readWebhook(body);
    const answer = (pod: number | undefined, status: number): void => {
      this.webhooks.push({ ...traffic, pod, status, atMs: performance.now() });
    };
    for (const target of this.candidates(this.webhookPolicy, traffic, 'webhooks')) {
      const result = await this.passOn(target, incoming, body);
      if (result === 'refused') {
        target.ready = false;
        continue;
      }
      if (result === 'no answer') {
        // It may have been acted on: whether it is sent again is for Telnyx to decide.
        answer(undefined, 502);
        response.writeHead(502).end();
        return;
      }
      answer(target.number, result.status);
      response.writeHead(result.status, result.headers).end(result.body);
      return;
    }
    answer(undefined, 503);
    response.writeHead(503).end();
  }

  private passOn(
    target: Target,
    { method, url, headers }: IncomingMessage,
    body: Buffer,
  ): Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer } | 'refused' | 'no answer'> {
    return new Promise((resolve) => {
      const outgoing = request({
        host: '127.0.0.1',
        port: target.port,
        method,
        path: url,
        headers,
        timeout: REPLY_LIMIT_MS,
      });
      outgoing.on('timeout', () => outgoing.destroy());
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code === 'ECONNREFUSED' ? 'refused' : 'no answer');
      });
      outgoing.on('response', (reply) => {
        const chunks: Buffer[] = [];
        reply.on('error', () => resolve('no answer'));
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('end', () => {
          resolve({ status: reply.statusCode ?? 502, headers: reply.headers, body: Buffer.concat(chunks) });
        });
      });
      outgoing.end(body);
    });
  }

  private takeSocket(incoming: IncomingMessage, client: Duplex, head: Buffer): void {
    client.on('error', () => undefined);
    const traffic = { path: incoming.url ?? '/' };
    this.join(this.candidates(this.socketPolicy, traffic, 'sockets'), traffic, client, upgradeBytes(incoming, head));
  }

  /** Joins the client with the first of the pods that takes the connection. */
  private join([target, ...others]: Target[], traffic: SocketTraffic, client: Duplex, upgrade: Buffer): void {
    if (target === undefined) {
      client.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const upstream = connect(target.port, '127.0.0.1');
    let passed: PassedSocket | undefined;
    let broken = false;
    upstream.setNoDelay(true);
    upstream.on('connect', () => {
      passed = { ...traffic, pod: target.number, openedAtMs: performance.now(), closedAtMs: undefined };
      this.sockets.push(passed);
      this.pairs.set(client, upstream);
      upstream.write(upgrade);
      client.pipe(upstream);
      upstream.pipe(client, { end: false });
    });
    upstream.on('error', () => (broken = true));
    upstream.on('close', () => {
      this.pairs.delete(client);
      if (passed === undefined) {
        target.ready = false;
        this.join(others, traffic, client, upgrade);
        return;
      }
      passed.closedAtMs = performance.now();
      if (broken) reset(client);
      else client.end(() => client.destroy());
    });
    client.on('close', () => {
      if (client.errored) reset(upstream);
      else upstream.destroySoon();
    });
  }

  private probeAll(): void {
    for (const target of this.targets) {
      if (target.probing) continue;
      target.probing = true;
      const settle = (ready: boolean): void => {
        target.ready = ready;
        target.probing = false;
      };
      const { managementPort: port } = target;
      const probe = get(
        { host: '127.0.0.1', port, path: '/readyz', agent: this.agent, timeout: PROBE_LIMIT_MS },
        (reply) => {
          reply.resume();
          settle(reply.statusCode === 200);
        },
      );
      probe.on('timeout', () => probe.destroy());
      probe.on('error', () => settle(false));
    }
  }
}

/** Breaks a connection the hard way: the other end sees no close frame, and no end either. */
function reset(socket: Duplex): void {
  if (socket instanceof Socket) socket.resetAndDestroy();
  else socket.destroy();
}

/** The request as it came, for a connection that is nothing but bytes from here on. */
function upgradeBytes({ method, url, httpVersion, rawHeaders }: IncomingMessage, head: Buffer): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]);
}

function readWebhook(body: Buffer): WebhookTraffic {
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const part = (value: unknown, name: string): unknown => (value as Record<string, unknown> | null | undefined)?.[name];
  try {
    const event: unknown = JSON.parse(body.toString());
    const data = part(event, 'data');
    const attempt = part(part(event, 'meta'), 'attempt');
    return {
      eventType: text(part(data, 'event_type')),
      callControlId: text(part(part(data, 'payload'), 'call_control_id')),
      attempt: typeof attempt === 'number' ? attempt : undefined,
    };
  } catch {
    return { eventType: undefined, callControlId: undefined, attempt: undefined };
  }
}
