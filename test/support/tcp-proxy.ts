import { connect, createServer, type Server, type Socket } from 'node:net';
import { type AddressInfo } from 'node:net';

/** What stands in front of the gateway: an ingress without its name, which can be reloaded, or stop passing things on. */
export class TcpProxy {
  /** Of new connections: the first piece the client sends (the upgrade) goes through, and nothing after it. */
  swallowing = false;
  /** Connections taken so far. */
  connections = 0;
  private readonly pairs = new Set<readonly [Socket, Socket]>();

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
  ) {
    server.on('connection', (client) => this.connected(client));
    server.on('error', () => undefined);
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
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

  async close(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private connected(client: Socket): void {
    this.connections++;
    const { swallowing } = this;
    const upstream = connect(this.targetPort, '127.0.0.1');
    const pair = [client, upstream] as const;
    this.pairs.add(pair);
    let pieces = 0;
    client.on('data', (piece) => {
      if (!swallowing || pieces++ === 0) upstream.write(piece);
    });
    upstream.on('data', (piece) => client.write(piece));
    for (const [socket, other] of [pair, [upstream, client]] as const) {
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
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
