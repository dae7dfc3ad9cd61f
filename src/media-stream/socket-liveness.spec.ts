import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { FakeClock } from '../common/fake-clock.js';
import { SocketLiveness } from './socket-liveness.js';

describe('SocketLiveness', () => {
  let server: WebSocketServer;
  let ours: WebSocket;
  let peer: WebSocket;
  let clock: FakeClock;
  let deaths: number;
  let answers: boolean;
  let liveness: SocketLiveness;

  beforeEach(async () => {
    server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[WebSocket]>;
    peer = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, { autoPong: false });
    answers = true;
    peer.on('ping', () => answers && peer.pong());
    [[ours]] = await Promise.all([accepted, once(peer, 'open')]);
    clock = new FakeClock();
    deaths = 0;
    let receivedBytes = 0;
    ours.on('message', (data: Buffer) => (receivedBytes += data.length));
    liveness = new SocketLiveness(
      ours,
      () => receivedBytes,
      clock,
      () => deaths++,
    );
  });

  afterEach(async () => {
    liveness.stop();
    peer.terminate();
    ours.terminate();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Lets the next ping be sent and waits until the peer has it, and its answer is back if it gives one. */
  async function ping(): Promise<void> {
    const arrived = once(peer, 'ping');
    const back = answers ? once(ours, 'pong') : undefined;
    clock.advance(5_000);
    await arrived;
    await back;
  }

  it('lets a peer live that answers', async () => {
    for (let i = 0; i < 8; i++) await ping();
    expect(deaths).toBe(0);
  });

  it('calls a peer dead that has answered before and then leaves three pings without a word', async () => {
    await ping();
    answers = false;
    for (let i = 0; i < 3; i++) await ping();
    expect(deaths).toBe(0);
    clock.advance(5_000);
    expect(deaths).toBe(1);
    clock.advance(60_000);
    expect(deaths).toBe(1);
  });

  it('does not hold a peer to it that has never answered a ping', async () => {
    answers = false;
    for (let i = 0; i < 6; i++) await ping();
    expect(deaths).toBe(0);
  });

  it('takes any frame for a sign of life', async () => {
    await ping();
    answers = false;
    for (let i = 0; i < 6; i++) {
      await ping();
      const heard = once(ours, 'message');
      peer.send('{"event":"media"}');
      await heard;
    }
    expect(deaths).toBe(0);
  });

  it('counts anew after every answer', async () => {
    for (let i = 0; i < 4; i++) {
      answers = true;
      await ping();
      answers = false;
      await ping();
      await ping();
    }
    expect(deaths).toBe(0);
  });

  it('says nothing of a socket that has closed, or after it was stopped', async () => {
    await ping();
    answers = false;
    const closed = once(ours, 'close');
    peer.terminate();
    await closed;
    clock.advance(120_000);
    expect(deaths).toBe(0);
  });

  it('sends no more pings once stopped', async () => {
    await ping();
    let pings = 0;
    peer.on('ping', () => pings++);
    liveness.stop();
    clock.advance(120_000);
    const echoed = once(peer, 'message');
    ours.send('last');
    await echoed;
    expect([pings, deaths]).toEqual([0, 0]);
  });
});
