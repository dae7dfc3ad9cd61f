import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { babble } from '../simulator/audio/signals.js';
import { type SimulatedCall } from '../simulator/telnyx/index.js';
import { callEnded, connectCall, eventually, greetedCall, requestOf, requestsFor } from './support/calls.js';
import { setStage, type Stage } from './support/gateway.js';
import { breakFrames, complaintsAbout, everythingLetGo, lineAbout } from './support/line-failures.js';
import { deadPort, TcpProxy } from './support/tcp-proxy.js';

const SALES = '+15550100009';
const GREETING = { text: 'Hello', durationMs: 300 };
const PUTTING_THROUGH = { text: 'I am putting you through.', durationMs: 200 };

let stage: Stage;
let proxy: TcpProxy;
let tool: SlowTool;
let nowhere: number;

/** An HTTP tool that never answers. */
interface SlowTool {
  server: Server;
  requests: number;
  aborted: number;
}

async function startTool(): Promise<SlowTool> {
  const started: SlowTool = { server: createServer(), requests: 0, aborted: 0 };
  started.server.on('request', (_request, response) => {
    started.requests++;
    response.on('close', () => started.aborted++);
  });
  await new Promise<void>((resolve) => started.server.listen(0, '127.0.0.1', resolve));
  return started;
}

beforeAll(async () => {
  tool = await startTool();
  nowhere = await deadPort();
  const url = `http://127.0.0.1:${(tool.server.address() as AddressInfo).port}/`;
  stage = await setStage({
    env: {
      WARM_SESSIONS: '0',
      WAIT_SIGNAL: 'off',
      TRANSFER_TARGETS: `sales=${SALES}`,
      STREAM_START_TIMEOUT_S: '1',
      STREAM_REDIAL_WAIT_MS: '700',
      SENTENCE_SORRY: 'Sorry, goodbye.',
      TOOLS: JSON.stringify({
        http: [
          { name: 'slow', description: 'Takes for ever.', parameters: { type: 'object' }, url, timeoutMs: 60_000 },
        ],
      }),
    },
    telnyx: { switches: { dialOutcome: 'manual', speakMsPerCharacter: 500 } },
    realtime: { switches: { responseDelayMs: 20 }, script: { replies: [GREETING] } },
  });
  proxy = await TcpProxy.start(stage.gateway.port);
  proxy.swallowing = true;
});
afterAll(async () => {
  await stage.close();
  await proxy.close();
  tool.server.closeAllConnections();
  await new Promise((resolve) => tool.server.close(resolve));
});
afterEach(async () => {
  stage.telnyx.faults.clear();
  stage.realtime.faults.clear();
  stage.mediaPort = stage.gateway.port;
  await everythingLetGo(stage);
});

/** A call whose second leg rings, and that leg. */
async function ringing(): Promise<{ call: SimulatedCall; leg: SimulatedCall }> {
  const { call, session } = await greetedCall(stage);
  session.respond({ items: [PUTTING_THROUGH, { name: 'transfer', arguments: { to: 'sales' } }] });
  const leg = await eventually(
    () => stage.telnyx.calls.find((other) => other !== call && other.callSessionId === call.callSessionId),
    'the second leg',
  );
  return { call, leg };
}

/** A call in each of the states in which its caller may hang up; with the reason for which it ends then. */
const STATES: [state: string, endReason: string, reach: () => Promise<SimulatedCall>][] = [
  [
    'it rings',
    'caller-hung-up',
    async () => {
      stage.telnyx.faults.rest.next('answer', { kind: 'delay', delayMs: 200 });
      const call = stage.telnyx.placeCall();
      await requestOf(stage, call, 'answer');
      return call;
    },
  ],
  [
    'it is answered and has no stream',
    'caller-hung-up',
    async () => {
      stage.mediaPort = proxy.port;
      const call = stage.telnyx.placeCall();
      await lineAbout(stage, call, 'call state');
      return call;
    },
  ],
  [
    'the model is being connected',
    'caller-hung-up',
    async () => {
      // That for this call, and that for the next.
      stage.realtime.faults.arm('delaySessionCreated', { ms: 600 }, 2);
      const call = stage.telnyx.placeCall();
      await lineAbout(stage, call, 'media stream started');
      return call;
    },
  ],
  ['nobody speaks', 'caller-hung-up', async () => (await greetedCall(stage)).call],
  [
    'the caller speaks',
    'caller-hung-up',
    async () => {
      const { call, session } = await greetedCall(stage);
      void call.say(babble(5_000, -12));
      await session.waitFor('speech_started');
      return call;
    },
  ],
  [
    'the assistant speaks',
    'caller-hung-up',
    async () => {
      const { call, session } = await greetedCall(stage);
      session.speak('A long story.', 20_000);
      await call.waitFor('heard-audio', 5_000, 2);
      return call;
    },
  ],
  [
    'the stream is lost',
    'caller-hung-up',
    async () => {
      const { call } = await greetedCall(stage);
      call.dropMediaSocket('abrupt', 'nothing');
      await lineAbout(stage, call, 'media stream ended');
      return call;
    },
  ],
  [
    'a stream is asked for that does not come',
    'caller-hung-up',
    async () => {
      const { call } = await greetedCall(stage);
      stage.mediaPort = proxy.port;
      call.dropMediaSocket('abrupt', 'webhook');
      await requestOf(stage, call, 'streaming_start');
      return call;
    },
  ],
  [
    'a tool runs',
    'caller-hung-up',
    async () => {
      const { call, session } = await greetedCall(stage);
      const { requests } = tool;
      session.respond({ items: [{ name: 'slow' }] });
      await eventually(() => (tool.requests > requests ? true : undefined), 'the request of the tool');
      return call;
    },
  ],
  [
    'keys are half entered',
    'caller-hung-up',
    async () => {
      const { call } = await greetedCall(stage);
      for (const key of '12') call.pressKey(key);
      return call;
    },
  ],
  [
    'the last sentence is said',
    'media-frames-broken',
    async () => {
      const { call } = await greetedCall(stage);
      breakFrames(call);
      await call.waitFor('spoken');
      return call;
    },
  ],
  [
    'a transfer is being ordered',
    'caller-hung-up',
    async () => {
      const { call, session } = await greetedCall(stage);
      stage.telnyx.faults.rest.next('streaming_stop', { kind: 'delay', delayMs: 300 });
      session.respond({ items: [PUTTING_THROUGH, { name: 'transfer', arguments: { to: 'sales' } }] });
      await requestOf(stage, call, 'streaming_stop');
      return call;
    },
  ],
  ['a transfer rings', 'caller-hung-up', async () => (await ringing()).call],
  [
    'it is transferred',
    'transferred',
    async () => {
      const { call, leg } = await ringing();
      leg.pickUp();
      await lineAbout(stage, call, 'call handed over');
      return call;
    },
  ],
  [
    'it is being hung up',
    'assistant-hung-up',
    async () => {
      const { call, session } = await greetedCall(stage);
      stage.telnyx.faults.rest.next('hangup', { kind: 'delay', delayMs: 300 });
      session.respond({ items: [{ text: 'Goodbye.', durationMs: 200 }, { name: 'hang_up' }] });
      await requestOf(stage, call, 'hangup');
      return call;
    },
  ],
];

const title = (state: string): string => `hang-up while ${state}`;

describe('hang-up in every state', () => {
  it.each(STATES.map(([state, endReason, reach]) => [title(state), endReason, reach] as const))(
    '%s: ends the call for the right reason, and everything is let go of',
    async (_state, endReason, reach) => {
      const call = await reach();
      const asked = requestsFor(stage, call).length;
      call.hangUp();
      expect(await callEnded(stage, call)).toMatchObject({ endReason });
      await everythingLetGo(stage);
      await stage.telnyx.settled();
      // Nothing is asked of Telnyx for a call that is over, but to hang up where the end of the sentence was told first.
      const later = requestsFor(stage, call).slice(asked);
      expect(later.filter(({ action }) => action !== 'hangup')).toEqual([]);
    },
  );

  it('hang-up while a tool runs: its request is broken off, and the model is not asked for an answer', async () => {
    const { call, session } = await greetedCall(stage);
    const { requests, aborted } = tool;
    session.respond({ items: [{ name: 'slow' }] });
    await eventually(() => (tool.requests > requests ? true : undefined), 'the request of the tool');
    const creates = session.clientEvents.filter(({ type }) => type === 'response.create').length;
    call.hangUp();
    await eventually(() => (tool.aborted > aborted ? true : undefined), 'the end of the request');
    await session.closed;
    expect(session.clientEvents.filter(({ type }) => type === 'response.create')).toHaveLength(creates);
  });

  it('hang-up while a transfer rings: the second leg is given up too', async () => {
    const { call, leg } = await ringing();
    call.hangUp();
    await leg.waitFor('ended');
    expect(leg.hangup?.cause).toBe('originator_cancel');
  });
});

/** A transferred call whose end nobody tells is only forgotten after hours: it holds nothing (see below). */
const TOLD_BY_90018 = STATES.filter(([state]) => state !== 'it is transferred');

describe('hang-up that no webhook tells of', () => {
  it.each(TOLD_BY_90018.map(([state, endReason, reach]) => [title(state), endReason, reach] as const))(
    '%s (90018): Telnyx’s refusal of the next command ends the call, without a complaint',
    async (_state, endReason, reach) => {
      const { telnyx } = stage;
      const call = await reach();
      telnyx.faults.webhooks.next('call.hangup', { kind: 'drop' });
      call.hangUp();
      expect(await callEnded(stage, call)).toMatchObject({ endReason });
      expect(complaintsAbout(stage, call).filter((msg) => msg.includes('did not carry out'))).toEqual([]);
    },
  );

  it('hang-up while it is transferred (never told): the call holds neither a place nor the process', async () => {
    const { call, leg } = await ringing();
    leg.pickUp();
    await lineAbout(stage, call, 'call handed over');
    stage.telnyx.faults.webhooks.all('call.hangup', { kind: 'drop' });
    call.hangUp();
    await stage.telnyx.settled();
    expect(await stage.gateway.status()).toMatchObject({ heldCalls: 0, activeCalls: 0 });
  });
});

describe('a caller who comes back', () => {
  it('hang-up, then called again: the second call is a call of its own while the first one is let go of', async () => {
    stage.mediaPort = nowhere;
    const first = stage.telnyx.placeCall();
    await first.waitFor('stream-failed');
    first.hangUp();
    stage.mediaPort = stage.gateway.port;
    const { call, session } = await connectCall(stage);
    await callEnded(stage, first);
    void call.say(babble(700, -12));
    await session.waitFor('speech_stopped');
    expect(call.state).toBe('answered');
  });
});
