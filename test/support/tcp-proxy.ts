import { connect, createServer, type Server, type Socket } from 'node:net';
import { type AddressInfo } from 'node:net';

const LOCALHOST = '127.0.0.1';

/**
 * What stands in front of the gateway: an ingress without its name, which can be reloaded, or stop passing things on. Or
 * the network between two programs, which can break.
 */
export class TcpProxy {
  /** Of new connections: the first piece the client sends (the upgrade) goes through, and nothing after it. */
  swallowing = false;
  /** Connections taken so far. */
  connections = 0;
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private state: 'open' | 'cut' | 'silent' = 'open';

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
  ) {
    server.on('connection', (client) => this.connected(client));
    server.on('error', () => undefined);
  }

  /** @param at where it listens; a free port of 127.0.0.1 is the default. Rejects where that cannot be had. */
  static async start(targetPort: number, at: { host?: string; port?: number } = {}): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(at.port ?? 0, at.host ?? LOCALHOST, resolve);
    });
    return new TcpProxy(server, targetPort);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Resets every connection, both ways, as a reload with no patience does. @returns how many. */
  cutAll(): number {
    const cut = this.pairs.size;
    for (const pair of this.pairs) for (const socket of pair) socket.resetAndDestroy();
    return cut;
  }

  /** Resets every connection, and each new one, until `heal`. */
  cut(): void {
    this.state = 'cut';
    this.cutAll();
  }

  /** Connections stay and new ones are taken, and nothing comes through until `heal`: then what was held back does. */
  silence(): void {
    this.state = 'silent';
    for (const pair of this.pairs) for (const socket of pair) socket.pause();
  }

  heal(): void {
    this.state = 'open';
    for (const pair of this.pairs) for (const socket of pair) socket.resume();
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private connected(client: Socket): void {
    this.connections++;
    const { swallowing } = this;
    if (this.state === 'cut') {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(this.targetPort, LOCALHOST);
    const pair = [client, upstream] as const;
    this.pairs.add(pair);
    let pieces = 0;
    client.on('data', (piece) => {
      if (!swallowing || pieces++ === 0) upstream.write(piece);
    });
    upstream.on('data', (piece) => client.write(piece));
    for (const [socket, other] of [pair, [upstream, client]] as const) {
      if (this.state === 'silent') socket.pause();
      socket.on('error', () => undefined);
      socket.on('close', () => {
        other.destroy();
        this.pairs.delete(pair);
      });
    }
  }
}

/** A port of this machine that nothing listens on. */
export async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, LOCALHOST, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
