import { once } from 'node:events';
import { type IncomingMessage } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type PinoLogger } from 'nestjs-pino';
import { WebSocket, WebSocketServer } from 'ws';
import { mediaFrame as telnyxMediaFrame } from '../../simulator/telnyx/frames.js';
import { type PodIdentity } from '../affinity/pod.js';
import { type PeerReply, type Peers, type RelaySocket } from '../affinity/pods/peers.js';
import { type CallsService } from '../calls/calls.service.js';
import { Relays } from '../calls/fleet/relays.js';
import { type Place, type StreamPlacement } from '../calls/fleet/stream-placement.js';
import { FakeClock } from '../common/fake-clock.js';
import { Counters } from '../telemetry/counters.js';
import { CallTrace } from '../telemetry/trace/call-trace.js';
import { MediaLine } from './media-line.js';
import { MediaStream } from './media-stream.js';

const FAR: PodIdentity = { uid: 'far', bootId: 'boot', name: 'far', address: '10.0.0.9:8081' };
const NEAR: PodIdentity = { uid: 'near', bootId: 'boot', name: 'near', address: '10.0.0.1:8081' };
const media = (chunk: number, text: string): string =>
  telnyxMediaFrame(chunk, 's', 'inbound', chunk, 0, Buffer.from(text).toString('base64'));
const START = JSON.stringify({
  event: 'start',
  stream_id: 's',
  start: { call_control_id: 'call', media_format: { encoding: 'PCMU', sample_rate: 8000, channels: 1 } },
});

/** A server that takes one socket after the other. */
class Server {
  readonly server = new WebSocketServer({ host: '127.0.0.1', port: 0 });

  async dial(): Promise<{ near: WebSocket; far: WebSocket; request: IncomingMessage }> {
    if (!this.server.address()) await once(this.server, 'listening');
    const accepted = once(this.server, 'connection') as Promise<[WebSocket, IncomingMessage]>;
    const near = new WebSocket(`ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`);
    near.on('error', () => undefined);
    const [[far, request]] = await Promise.all([accepted, once(near, 'open')]);
    far.on('error', () => undefined);
    return { near, far, request };
  }

  async close(): Promise<void> {
    for (const socket of this.server.clients) socket.terminate();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

describe('MediaStream', () => {
  let here: Server;
  let there: Server;
  let clock: FakeClock;
  let relays: Relays;
  let telnyx: WebSocket;
  let told: string[];
  let heard: string[];
  let places: (Place | Promise<Place>)[];
  let relayed: PeerReply<RelaySocket>[];
  let takes: boolean;

  beforeEach(async () => {
    [here, there] = [new Server(), new Server()];
    const tells: string[] = [];
    [told, heard, places, relayed, takes] = [tells, [], [], [], true];
    [clock, relays] = [new FakeClock(), new Relays()];
    const { near, far, request } = await here.dial();
    telnyx = near;
    const calls = {
      streamStarted: () => {
        tells.push('started');
        return takes;
      },
      streamReady: () => tells.push('ready'),
      streamLost: () => tells.push('lost'),
      end: (_call: string, reason: string) => tells.push(`end: ${reason}`),
    };
    const placement = {
      place: async () => {
        tells.push('place');
        return (await places.shift()) ?? { at: 'here' };
      },
      provenDead: (pod: PodIdentity) => tells.push(`${pod.uid} is dead`),
    };
    const peers = {
      openRelay: async () => {
        tells.push('relay');
        return relayed.shift() ?? { ok: false, why: 'silent', detail: '' };
      },
    };
    const line = new MediaLine(
      clock,
      { leadMs: 200, chunkMs: 60 },
      {
        overflow: () => undefined,
        stalled: () => undefined,
        failed: (error) => tells.push(String(error)),
        closed: () => undefined,
      },
    );
    line.listen({
      callerAudio: (base64: Buffer) => void heard.push(Buffer.from(base64.toString('latin1'), 'base64').toString()),
      key: (digit: string) => void tells.push(`key ${digit}`),
      itemStarted: () => undefined,
      itemHeard: () => undefined,
      lineBack: () => undefined,
      lineLost: () => undefined,
    } as never);
    const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
    new MediaStream(
      far,
      { transport: request.socket, claims: undefined, token: 'token', relayed: false },
      {
        ...{ clock, relays, counters: new Counters(), log: silent as unknown as PinoLogger },
        calls: calls as unknown as CallsService,
        placement: placement as unknown as StreamPlacement,
        peers: peers as unknown as Peers,
        ...{ pod: NEAR, tracing: { of: () => CallTrace.NONE } },
        lineOf: () => line,
        keepLine: () => undefined,
      },
    );
  });

  afterEach(async () => {
    telnyx.terminate();
    await Promise.all([here.close(), there.close()]);
  });

  /** Resolves when everything sent before was taken from the socket. */
  async function taken(): Promise<void> {
    const pong = once(telnyx, 'pong');
    telnyx.ping();
    await pong;
    await new Promise((resolve) => setImmediate(resolve));
  }

  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** @returns what a promise waits for, and how to let it go on. */
  function held<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
    let resolve: (value: T) => void = () => undefined;
    const promise = new Promise<T>((settle) => (resolve = settle));
    return { promise, resolve };
  }

  it('loses none of what the caller says while it is decided who has the call, and keeps its order', async () => {
    const decision = held<Place>();
    places = [decision.promise];
    telnyx.send(START);
    for (const [index, text] of ['one', 'two', 'three'].entries()) telnyx.send(media(index + 1, text));
    telnyx.send(JSON.stringify({ event: 'dtmf', dtmf: { digit: '5' } }));
    await taken();
    expect(told).toEqual(['place']);
    expect(heard).toEqual([]);
    decision.resolve({ at: 'here' });
    await until(() => heard.length > 0);
    telnyx.send(media(4, 'four'));
    await taken();
    expect(heard).toEqual(['one', 'two', 'three', 'four']);
    expect(told).toEqual(['place', 'started', 'ready', 'key 5']);
  });

  it('sees that the stream has ended while it was decided', async () => {
    const decision = held<Place>();
    places = [decision.promise];
    telnyx.send(START);
    telnyx.send(JSON.stringify({ event: 'stop', stream_id: 's', stop: { call_control_id: 'call' } }));
    await taken();
    decision.resolve({ at: 'here' });
    await until(() => told.includes('lost'));
    expect(told).toEqual(['place', 'started', 'ready', 'lost']);
  });

  it('does not begin with a socket that was closed meanwhile', async () => {
    const decision = held<Place>();
    places = [decision.promise];
    telnyx.send(START);
    await taken();
    const [socket] = [...here.server.clients];
    telnyx.terminate();
    if (socket && socket.readyState !== socket.CLOSED) await once(socket, 'close');
    decision.resolve({ at: 'here' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual(['place']);
  });

  it('closes a socket that is served nowhere', async () => {
    places = [{ at: 'nowhere', why: 'no reason' }];
    telnyx.send(START);
    await expect(once(telnyx, 'close')).resolves.toMatchObject([1000, Buffer.from('not served')]);
    expect(told).toEqual(['place']);
  });

  it('closes a socket whose call is over', async () => {
    takes = false;
    telnyx.send(START);
    await expect(once(telnyx, 'close')).resolves.toMatchObject([1000, Buffer.from('call is over')]);
    expect(told).toEqual(['place', 'started']);
  });

  it('hands everything that came, from the first frame on, to the pod that has the call, and what comes after', async () => {
    const { near, far, request } = await there.dial();
    const arrived: string[] = [];
    near.on('message', (data: Buffer) => arrived.push(data.toString()));
    places = [{ at: 'pod', pod: FAR }];
    relayed = [{ ok: true, reply: { socket: far, transport: request.socket } }];
    const connected = JSON.stringify({ event: 'connected', version: '1.0.0' });
    for (const frame of [connected, START, media(1, 'one')]) telnyx.send(frame);
    await until(() => arrived.length === 3);
    telnyx.send(media(2, 'two'));
    await until(() => arrived.length === 4);
    expect(arrived).toEqual([connected, START, media(1, 'one'), media(2, 'two')]);
    expect(relays.open).toBe(1);
    expect(told).toEqual(['place', 'relay']);
    expect(heard).toEqual([]);
    near.close(1000, 'call ended');
    await expect(once(telnyx, 'close')).resolves.toMatchObject([1000, Buffer.from('call ended')]);
    await until(() => relays.open === 0);
    expect(told).toEqual(['place', 'relay']);
  });

  it('does not close after a minute what is relayed, though no start came to it', async () => {
    const { near, far, request } = await there.dial();
    places = [{ at: 'pod', pod: FAR }];
    relayed = [{ ok: true, reply: { socket: far, transport: request.socket } }];
    telnyx.send(START);
    await until(() => relays.open === 1);
    clock.advance(120_000);
    const echoed = once(telnyx, 'message');
    near.send('still there');
    const [data] = (await echoed) as [Buffer];
    expect(data.toString()).toBe('still there');
    expect(telnyx.readyState).toBe(telnyx.OPEN);
  });

  it('asks again at once where the pod turns out to be dead, and serves the call itself then', async () => {
    places = [{ at: 'pod', pod: FAR }, { at: 'here' }];
    relayed = [{ ok: false, why: 'dead', detail: '' }];
    telnyx.send(START);
    telnyx.send(media(1, 'one'));
    await until(() => heard.length > 0);
    expect(told).toEqual(['place', 'relay', 'far is dead', 'place', 'started', 'ready']);
    expect(heard).toEqual(['one']);
  });

  it('asks again a little later where the pod does not answer, four times in all', async () => {
    places = Array.from({ length: 9 }, () => ({ at: 'pod', pod: FAR }) as const);
    const closed = once(telnyx, 'close');
    telnyx.send(START);
    const ticking = setInterval(() => clock.advance(50), 5);
    await expect(closed).resolves.toMatchObject([1000, Buffer.from('not served')]);
    clearInterval(ticking);
    expect(told).toEqual(Array.from({ length: 4 }, () => ['place', 'relay']).flat());
    expect(relays.open).toBe(0);
  });

  it('counts a relay as over whose near side went away while it was opened', async () => {
    const { near, far, request } = await there.dial();
    const opened = held<PeerReply<RelaySocket>>();
    places = [{ at: 'pod', pod: FAR }];
    relayed = [opened.promise as unknown as PeerReply<RelaySocket>];
    telnyx.send(START);
    await until(() => told.includes('relay'));
    const [socket] = [...here.server.clients];
    telnyx.terminate();
    if (socket && socket.readyState !== socket.CLOSED) await once(socket, 'close');
    opened.resolve({ ok: true, reply: { socket: far, transport: request.socket } });
    await once(near, 'close');
    await until(() => relays.open === 0);
  });

  it('ends the call, not the process, where it cannot be placed for a mistake of ours', async () => {
    places = [Promise.reject(new Error('on purpose'))];
    telnyx.send(START);
    await once(telnyx, 'close');
    expect(told).toEqual(['place', 'end: internal-error']);
  });

  it('refuses to keep more than a call can say while it is decided', async () => {
    places = [new Promise(() => undefined)];
    telnyx.send(START);
    const closed = once(telnyx, 'close');
    const text = 'x'.repeat(60_000);
    for (let chunk = 1; chunk < 12; chunk++) telnyx.send(media(chunk, text));
    await expect(closed.then(([code]: unknown[]) => code)).resolves.toBe(1008);
    expect(heard).toEqual([]);
  });
});
