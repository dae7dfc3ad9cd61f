import { once } from 'node:events';
import { type IncomingMessage } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type PinoLogger } from 'nestjs-pino';
import { WebSocket, WebSocketServer } from 'ws';
import { type CallLine } from '../calls/call-line.js';
import { type Peers } from '../affinity/pods/peers.js';
import { type CallTracing } from '../calls/call-tracing.js';
import { type CallsService } from '../calls/calls.service.js';
import { Relays } from '../calls/fleet/relays.js';
import { type Place, type StreamPlacement } from '../calls/fleet/stream-placement.js';
import { FakeClock } from '../common/fake-clock.js';
import { type Config } from '../config/config.js';
import { type ThisPod } from '../affinity/this-pod.js';
import { Counters } from '../telemetry/counters.js';
import { CallTrace } from '../telemetry/trace/call-trace.js';
import { MediaStreamGateway } from './media-stream.gateway.js';
import { type StreamUpgradePolicy } from './stream-upgrade-policy.js';

const startOf = (call: string, encoding = 'PCMU'): string =>
  JSON.stringify({
    event: 'start',
    stream_id: 's',
    start: { call_control_id: call, media_format: { encoding, sample_rate: 8000, channels: 1 } },
  });

/** The calls as the gateway sees them: what it told them, and whether they take streams. */
class Calls {
  readonly told: string[] = [];
  readonly lines: CallLine[] = [];
  takes = true;

  streamStarted(call: string, line: CallLine): boolean {
    this.told.push(`${call} started`);
    this.lines.push(line);
    return this.takes;
  }

  streamReady(call: string): void {
    this.told.push(`${call} ready`);
  }

  streamLost(call: string): void {
    this.told.push(`${call} lost`);
  }

  end(call: string, reason: string): void {
    this.told.push(`${call} ends: ${reason}`);
  }
}

describe('MediaStreamGateway', () => {
  let server: WebSocketServer;
  let clock: FakeClock;
  let calls: Calls;
  let counters: Counters;
  let boundTo: string | undefined;
  let place: Place;
  const peers: WebSocket[] = [];

  beforeEach(async () => {
    clock = new FakeClock();
    calls = new Calls();
    counters = new Counters();
    boundTo = undefined;
    place = { at: 'here' };
    const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const gateway = new MediaStreamGateway(
      { stream: { playoutLeadMs: 200, playoutChunkMs: 60 } } as Config,
      clock,
      silent as unknown as PinoLogger,
      calls as unknown as CallsService,
      { claims: () => boundTo && { callControlId: boundTo } } as unknown as StreamUpgradePolicy,
      { place: async () => place } as unknown as StreamPlacement,
      { onRelay: () => undefined } as unknown as Peers,
      new Relays(),
      counters,
      { name: 'pod' } as ThisPod,
      { of: () => CallTrace.NONE } as unknown as CallTracing,
    );
    server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.on('connection', (socket, request: IncomingMessage) => {
      socket.on('error', () => undefined);
      gateway.handleConnection(socket, request);
    });
    await once(server, 'listening');
  });

  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.terminate();
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  });

  async function dial(...frames: string[]): Promise<WebSocket> {
    const peer = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    peers.push(peer);
    peer.on('error', () => undefined);
    await once(peer, 'open');
    for (const frame of frames) peer.send(frame);
    await handled(peer);
    return peer;
  }

  /** Everything sent before was handled, or the socket has been closed over it. */
  async function handled(peer: WebSocket): Promise<void> {
    if (peer.readyState !== WebSocket.OPEN) return;
    const answered = new Promise((resolve) => peer.once('pong', resolve));
    const closed = new Promise((resolve) => peer.once('close', resolve));
    peer.ping();
    await Promise.race([answered, closed]);
  }

  async function closeCode(peer: WebSocket): Promise<number> {
    if (peer.readyState === WebSocket.CLOSED) throw new Error('closed before anyone looked');
    return ((await once(peer, 'close')) as [number])[0];
  }

  it('gives a call one line, however many sockets it has', async () => {
    const first = await dial(startOf('a'));
    const code = closeCode(first);
    await dial(startOf('a'));
    await dial(startOf('b'));
    expect(calls.told).toEqual(['a started', 'a ready', 'a started', 'a ready', 'b started', 'b ready']);
    expect(calls.lines[1]).toBe(calls.lines[0]);
    expect(calls.lines[2]).not.toBe(calls.lines[0]);
    // The older socket is replaced, and its end is no loss.
    expect(await code).toBe(1000);
    expect(calls.told).not.toContain('a lost');
  });

  it('keeps nothing of a call that is refused', async () => {
    calls.takes = false;
    await dial(startOf('a'));
    await dial(startOf('a'));
    calls.takes = true;
    await dial(startOf('a'));
    expect(new Set(calls.lines).size).toBe(3);
  });

  it('refuses a stream whose token was made for another call', async () => {
    boundTo = 'a';
    const peer = await dial();
    const code = closeCode(peer);
    peer.send(startOf('b'));
    expect(await code).toBe(1008);
    expect(calls.told).toEqual([]);
  });

  it.each(['G722', 'opus', 'constructor', '__proto__'])('ends a call whose stream comes in %s', async (encoding) => {
    await dial(startOf('a', encoding));
    expect(calls.told).toEqual(['a started', 'a ends: codec-unsupported']);
  });

  it('reports a stream as lost once, when it stops or when its socket breaks', async () => {
    const stopped = await dial(startOf('a'), '{"event":"stop"}', '{"event":"stop"}');
    stopped.terminate();
    const broken = await dial(startOf('b'));
    const gone = once([...server.clients].at(-1) as WebSocket, 'close');
    broken.terminate();
    await gone;
    expect(calls.told.filter((told) => told.endsWith('lost'))).toEqual(['a lost', 'b lost']);
  });

  it('passes over frames it cannot read or does not know, and ends the call only after a hundred', async () => {
    const peer = await dial(startOf('a'), '{"event":"news"}', ...Array.from({ length: 99 }, () => '{"event":'));
    expect(calls.told).toEqual(['a started', 'a ready']);
    expect(counters).toMatchObject({ framesUnknown: 1, framesInvalid: 99 });
    peer.send('{"event":');
    peer.send('{"event":');
    await handled(peer);
    expect(calls.told.slice(2)).toEqual(['a ends: media-frames-broken']);
  });

  it('closes a socket that never says start', async () => {
    const peer = await dial('{"event":"connected","version":"1.0.0"}');
    const code = closeCode(peer);
    clock.advance(60_000);
    expect(await code).toBe(1008);
  });

  it('closes the socket of a call that is over, if Telnyx does not', async () => {
    const peer = await dial(startOf('a'));
    const code = closeCode(peer);
    calls.lines[0]?.close();
    clock.advance(3_000);
    expect(await code).toBe(1000);
    await dial(startOf('a'));
    expect(calls.lines[1]).not.toBe(calls.lines[0]);
  });
});
