import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import {
  type AddressInfo,
  createConnection,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';

/** Servers that are no pods, or stand between two, each at an address of its own. */
export class Strangers {
  private readonly open: (() => void)[] = [];

  /** @returns its address. */
  async http(answer: RequestListener): Promise<string> {
    const server = createServer(answer);
    this.open.push(() => (server.closeAllConnections(), server.close()));
    return listen(server);
  }

  /** @param number counts the connections, from 1. @returns its address. */
  async tcp(onConnection: (socket: Socket, number: number) => void): Promise<string> {
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      onConnection(socket, sockets.push(socket));
    });
    this.open.push(() => (sockets.forEach((socket) => socket.destroy()), server.close()));
    return listen(server);
  }

  close(): void {
    for (const close of this.open.splice(0)) close();
  }
}

/** A connection to an address, which bears being cut. */
export function connectTo(address: string): Socket {
  const [host, port] = address.split(':');
  return createConnection(Number(port), host).on('error', () => undefined);
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
