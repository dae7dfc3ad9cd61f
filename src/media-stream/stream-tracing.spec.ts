import { once } from 'node:events';
import { type IncomingMessage } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type PinoLogger } from 'nestjs-pino';
import { WebSocket, WebSocketServer } from 'ws';
import { type PodIdentity } from '../affinity/pod.js';
import { type Peers } from '../affinity/pods/peers.js';
import { type CallsService } from '../calls/calls.service.js';
import { Relays } from '../calls/fleet/relays.js';
import { type Place, type StreamPlacement } from '../calls/fleet/stream-placement.js';
import { signStreamToken, type StreamClaims } from '../calls/stream-token.js';
import { FakeClock } from '../common/fake-clock.js';
import { Keyring } from '../common/keyring.js';
import { type Config, Secret } from '../config/config.js';
import { Counters } from '../telemetry/counters.js';
import { RecordedSpans } from '../telemetry/testing/recorded-spans.js';
import { CallTraces } from '../telemetry/trace/call-traces.js';
import { ATTRS } from '../telemetry/trace/names.js';
import { MediaLine } from './media-line.js';
import { MediaStream, type StreamOrigin } from './media-stream.js';
import { StreamUpgradePolicy } from './stream-upgrade-policy.js';

const pod = (name: string): PodIdentity => ({ uid: name, bootId: 'boot', name, address: '10.0.0.1:8081' });
const start = (encoding = 'PCMU'): string =>
  JSON.stringify({
    event: 'start',
    stream_id: 'stream',
    start: { call_control_id: 'call', media_format: { encoding, sample_rate: 8000, channels: 1 } },
  });

describe('A media socket in the trace of its call', () => {
  const closing: (() => void)[] = [];
  let spans: RecordedSpans;
  let traces: CallTraces;
  let traceparent: string | undefined;
  let place: Place;
  let takes: boolean;
  let server: WebSocketServer;

  beforeAll(() => (spans = new RecordedSpans()));
  beforeEach(async () => {
    spans.forget();
    traces = new CallTraces();
    traces.begin('call', { kind: 'server' }).end();
    traceparent = traces.of('call').traceparent;
    [place, takes] = [{ at: 'here' }, true];
    server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) close();
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  });
  afterAll(() => spans.close());

  async function dial(): Promise<{ near: WebSocket; far: WebSocket; request: IncomingMessage }> {
    const accepted = once(server, 'connection') as Promise<[WebSocket, IncomingMessage]>;
    const near = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    near.on('error', () => undefined);
    closing.push(() => near.terminate());
    const [[far, request]] = await Promise.all([accepted, once(near, 'open')]);
    far.on('error', () => undefined);
    return { near, far, request };
  }

  /** A socket of Telnyx, as this pod takes it. */
  async function taken(more: Partial<StreamOrigin> = {}): Promise<WebSocket> {
    const { near, far, request } = await dial();
    const clock = new FakeClock();
    const calls = {
      streamStarted: () => takes,
      streamReady: () => undefined,
      streamLost: () => undefined,
      end: () => undefined,
    };
    const peers = {
      openRelay: async () => {
        const other = await dial();
        return { ok: true, reply: { socket: other.far, transport: other.request.socket } };
      },
    };
    const quiet = { overflow: () => undefined, stalled: () => undefined, failed: () => undefined };
    const line = new MediaLine(clock, { leadMs: 200, chunkMs: 60 }, { ...quiet, closed: () => undefined });
    const claims: StreamClaims = {
      ...{ callControlId: 'call', issuedAtS: 0, attempt: 2, epoch: 3, baseUrl: '', pod: pod('far') },
      traceparent,
    };
    const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
    new MediaStream(
      far,
      { transport: request.socket, claims, token: 'token', relayed: false, ...more },
      {
        ...{ clock, relays: new Relays(), counters: new Counters(), log: silent as unknown as PinoLogger },
        calls: calls as unknown as CallsService,
        placement: { place: async () => place } as unknown as StreamPlacement,
        peers: peers as unknown as Peers,
        pod: pod('here'),
        tracing: { of: (callControlId, carried) => traces.join(callControlId, carried) },
        lineOf: () => line,
        keepLine: () => undefined,
      },
    );
    return near;
  }

  async function written(name: string) {
    while (spans.named(name).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    return spans.one(name);
  }

  it('is there from the upgrade until its stream is served', async () => {
    const beganMs = Date.now();
    const telnyx = await taken();
    telnyx.send(start());
    const span = await written('media_stream');
    const root = spans.one('call');
    expect(span).toMatchObject({ kind: 'server', traceId: root.traceId, parentSpanId: root.spanId, failed: false });
    expect(span.startMs).toBeGreaterThanOrEqual(beganMs);
    expect(span.attributes).toEqual({
      [ATTRS.callId]: 'call',
      [ATTRS.pod]: 'here',
      [ATTRS.streamId]: 'stream',
      [ATTRS.streamAttempt]: 2,
      [ATTRS.streamCodec]: 'pcmu',
      [ATTRS.callEpoch]: 3,
    });
    telnyx.close();
    await once(telnyx, 'close');
    expect(spans.names).toEqual(['call', 'media_stream']);
  });

  it('says which pod it was relayed by', async () => {
    const telnyx = await taken({ relayed: true, from: pod('other') });
    telnyx.send(start());
    expect((await written('media_stream')).attributes[ATTRS.fromPod]).toBe('other');
  });

  it('is a relay where another pod serves it, and that is all', async () => {
    place = { at: 'pod', pod: pod('there') };
    const telnyx = await taken();
    telnyx.send(start());
    const span = await written('relay');
    expect(span.attributes).toMatchObject({ [ATTRS.pod]: 'here', [ATTRS.toPod]: 'there', [ATTRS.tries]: 1 });
    telnyx.close();
    await once(telnyx, 'close');
    expect(spans.names).toEqual(['call', 'relay']);
  });

  it('says why it is served nowhere', async () => {
    place = { at: 'nowhere', why: 'another pod has the call' };
    const telnyx = await taken();
    telnyx.send(start());
    await expect(written('media_stream')).resolves.toMatchObject({
      failed: true,
      attributes: { 'error.type': 'not-served', [ATTRS.reason]: 'another pod has the call' },
    });
  });

  it('is not written where the call is over: its trace is complete', async () => {
    place = { at: 'nowhere', why: 'the call is over', over: true };
    const telnyx = await taken();
    telnyx.send(start());
    await once(telnyx, 'close');
    expect(spans.names).toEqual(['call']);
  });

  it('says that it was of a codec that nobody carries', async () => {
    const telnyx = await taken();
    telnyx.send(start('OPUS'));
    await expect(written('media_stream')).resolves.toMatchObject({
      failed: true,
      attributes: { 'error.type': 'codec-unsupported' },
    });
  });

  it('says that it was let in by no token, where its call is here', () => {
    const keyring = new Keyring(new Secret('a secret of the gateway'), new FakeClock());
    const policy = new StreamUpgradePolicy(
      { stream: { auth: 'token' } } as Config,
      { warn: () => undefined } as unknown as PinoLogger,
      { mayStream: () => false } as unknown as CallsService,
      new Counters(),
      keyring,
      traces,
    );
    for (const callControlId of ['call', 'another']) {
      const issuedAtS = Date.now() / 1000 - 9_000;
      const claims = {
        callControlId,
        issuedAtS: Math.floor(issuedAtS),
        attempt: 1,
        epoch: 1,
        baseUrl: '',
        pod: pod('far'),
      };
      policy.check({} as IncomingMessage, signStreamToken({ ...claims, traceparent }, keyring));
    }
    expect(spans.one('media_stream')).toMatchObject({
      failed: true,
      attributes: { [ATTRS.httpStatus]: 401, [ATTRS.streamAttempt]: 1, 'error.type': 'token-refused' },
    });
  });

  it('says that it was closed before its stream had started', async () => {
    const telnyx = await taken();
    telnyx.close();
    await expect(written('media_stream')).resolves.toMatchObject({
      failed: false,
      attributes: { [ATTRS.reason]: 'closed before it started', [ATTRS.streamAttempt]: 2 },
    });
  });
});
