import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { type RelaySocket } from '../peers.js';

/** The two ends of a WebSocket over TCP: ours, and the peer's. */
export interface SocketPair {
  here: RelaySocket;
  there: WebSocket;
  close(): Promise<void>;
}

/** @param ours which of the two dialled; a media socket of Telnyx is dialled by the peer, one to another pod by us. */
export async function socketPair(ours: 'accepted' | 'dialled' = 'accepted'): Promise<SocketPair> {
  const http = createServer().listen(0, '127.0.0.1');
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  await once(http, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`, { perMessageDeflate: false });
  const [[accepted, request], [answer]] = await Promise.all([
    once(server, 'connection') as unknown as Promise<[WebSocket, { socket: RelaySocket['transport'] }]>,
    once(client, 'upgrade') as unknown as Promise<[{ socket: RelaySocket['transport'] }]>,
    client.readyState === client.OPEN ? undefined : once(client, 'open'),
  ]);
  const here =
    ours === 'accepted'
      ? { socket: accepted, transport: request.socket }
      : { socket: client, transport: answer.socket };
  const there = ours === 'accepted' ? client : accepted;
  there.on('error', () => undefined);
  return {
    here,
    there,
    close: async () => {
      accepted.terminate();
      client.terminate();
      server.close();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
