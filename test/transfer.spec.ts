import { type DoubleSession } from '../simulator/realtime/index.js';
import { type SimulatedCall, type TelnyxSwitches } from '../simulator/telnyx/index.js';
import {
  callEnded,
  type ConnectedCall,
  eventually,
  greetedCall,
  hangUp,
  requestOf,
  requestsFor,
  sessionInUse,
} from './support/calls.js';
import { setStage, type Stage } from './support/gateway.js';

const SALES = '+15550100009';
const FALLBACK = '+15550100077';
const PUTTING_THROUGH = { text: 'I am putting you through.', durationMs: 300 };

let stage: Stage;

async function begin(env: Record<string, string> = {}, switches: Partial<TelnyxSwitches> = {}): Promise<void> {
  stage = await setStage({
    env: {
      WARM_SESSIONS: '0',
      TRANSFER_TARGETS: `sales=${SALES}`,
      TRANSFER_RING_S: '5',
      STREAM_REDIAL_WAIT_MS: '100',
      WAIT_SIGNAL: 'off',
      ...env,
    },
    telnyx: { switches: { dialOutcome: 'manual', speakMsPerCharacter: 5, ...switches } },
    realtime: { script: { replies: [{ text: 'Hello', durationMs: 300 }] }, switches: { responseDelayMs: 20 } },
  });
}

/** The assistant connects the caller with sales. @returns the call, and the leg that rings at the other end. */
async function transfer(): Promise<ConnectedCall & { leg: SimulatedCall }> {
  const connected = await greetedCall(stage);
  return { ...connected, leg: await askForSales(connected) };
}

async function askForSales({ call, session }: ConnectedCall): Promise<SimulatedCall> {
  const legs = stage.telnyx.calls.length;
  session.respond({ items: [PUTTING_THROUGH, { name: 'transfer', arguments: { to: 'sales' } }] });
  return eventually(() => {
    const leg = stage.telnyx.calls[legs];
    return leg?.callSessionId === call.callSessionId ? leg : undefined;
  }, 'the second leg');
}

const actions = (call: SimulatedCall): string[] => requestsFor(stage, call).map(({ action }) => action);

/** Resolves when the gateway knows that the two are talking. */
async function handedOver(call: SimulatedCall): Promise<void> {
  await stage.gateway.waitForLine((line) => line.msg === 'call handed over' && line['callId'] === call.callControlId);
}

/** Resolves with what the session that goes on with the conversation is told of the transfer. */
function toldOfTransfer(session: DoubleSession): Promise<string> {
  return eventually(() => {
    const notes = session.clientEvents.filter(({ item }) => (item as { role?: string } | undefined)?.role === 'system');
    return notes.map((note) => JSON.stringify(note)).find((text) => text.includes('sales'));
  }, 'a note about the transfer');
}

async function cleanUp(): Promise<void> {
  const { telnyx, gateway } = stage;
  telnyx.faults.clear();
  for (const call of telnyx.calls) if (call.state !== 'ended') call.hangUp();
  await gateway.waitForStatus(({ heldCalls, activeCalls }) => heldCalls === 0 && activeCalls === 0);
  Object.assign(telnyx.switches, { dialOutcome: 'manual', streamAfterBridge: 'continues' });
  expect(gateway.alive).toBe(true);
}

/** Where the stream that was stopped has not ended yet, Telnyx refuses another one: it is stopped and asked for again. */
function expectCameBack(sent: readonly string[]): void {
  expect(sent.slice(0, 4)).toEqual(['answer', 'streaming_stop', 'transfer', 'streaming_start']);
  expect(sent.slice(4).every((action) => action.startsWith('streaming_'))).toBe(true);
}

describe('a transfer by the assistant', () => {
  beforeAll(() => begin());
  afterAll(() => stage.close());
  afterEach(cleanUp);

  it.each(['continues', 'stops'] as const)(
    'hands the caller over when somebody answers, where the stream %s after a bridge',
    async (streamAfterBridge) => {
      stage.telnyx.switches.streamAfterBridge = streamAfterBridge;
      const { call, leg, session } = await transfer();
      expect(actions(call)).toEqual(['answer', 'streaming_stop', 'transfer']);
      expect(requestsFor(stage, call, 'transfer')[0]?.body).toMatchObject({ to: SALES, timeout_secs: 5 });
      // The caller has heard the announcement to its end: it came with the tool call.
      expect(call.heard.playedBytes).toBeGreaterThanOrEqual((300 + PUTTING_THROUGH.durationMs) * 8);
      expect(await stage.gateway.status()).toMatchObject({ activeCalls: 1, heldCalls: 1 });

      leg.pickUp();
      await call.waitFor('bridged');
      await handedOver(call);
      expect(await stage.gateway.status()).toMatchObject({ activeCalls: 0, heldCalls: 0 });
      await session.closed;

      leg.hangUp();
      expect(await callEnded(stage, call)).toMatchObject({ endReason: 'transferred' });
      expect(actions(call)).toEqual(['answer', 'streaming_stop', 'transfer']);
    },
  );

  it.each([
    ['user_busy', 'busy'],
    ['no_answer', 'no-answer'],
    ['call_rejected', 'refused'],
    ['not_found', 'failed'],
  ] as const)('brings the caller back when it ends with %s, and the assistant knows', async (cause, why) => {
    const { call, leg } = await transfer();
    leg.decline(cause);
    await call.waitFor('stream-started', 10_000, 2);
    expectCameBack(actions(call));
    const session = await sessionInUse(stage.realtime);
    expect(await toldOfTransfer(session)).toContain(why);
    // It speaks about it, and the caller hears it.
    await call.waitFor('heard-audio', 10_000, 2);
    await hangUp(stage, call);
  });

  it('brings the caller back when it has rung long enough', async () => {
    const { call, leg } = await transfer();
    await call.waitFor('stream-started', 15_000, 2);
    expect(leg.hangup?.cause).toBe('timeout');
    await hangUp(stage, call);
  });

  it('brings the caller back when Telnyx refuses it', async () => {
    stage.telnyx.faults.rest.next('transfer', { kind: 'error', status: 422, code: '90041' });
    const connected = await greetedCall(stage);
    connected.session.respond({ items: [PUTTING_THROUGH, { name: 'transfer', arguments: { to: 'sales' } }] });
    await connected.call.waitFor('stream-started', 10_000, 2);
    expectCameBack(actions(connected.call));
    await hangUp(stage, connected.call);
  });

  it('may be tried again, and succeed', async () => {
    const { call, leg } = await transfer();
    leg.decline('user_busy');
    await call.waitFor('stream-started', 10_000, 2);
    const session = await sessionInUse(stage.realtime);
    await session.waitFor('response.done');
    await call.waitForQuiet(40);
    const second = await askForSales({ call, session });
    second.pickUp();
    await handedOver(call);
    call.hangUp();
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'transferred' });
    const ids = requestsFor(stage, call, 'transfer').map(({ body }) => body['command_id']);
    expect(new Set(ids).size).toBe(2);
  });

  it('happens although the stream cannot be stopped, and the socket is closed then', async () => {
    const headers = { 'retry-after-ms': '1' };
    stage.telnyx.faults.rest.next('streaming_stop', { kind: 'error', status: 500, code: '10007', headers }, 3);
    const { call, leg } = await transfer();
    leg.pickUp();
    await handedOver(call);
    const heard = call.heard.playedBytes;
    await call.waitFor('stream-lost');
    expect(call.heard.playedBytes).toBe(heard);
    expect(actions(call)).not.toContain('streaming_start');
  });

  it('is over when the caller hangs up while it rings', async () => {
    const { call, leg } = await transfer();
    call.hangUp();
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'caller-hung-up' });
    expect(leg.hangup?.cause).toBe('originator_cancel');
  });

  it.each([
    ['twice', () => stage.telnyx.faults.webhooks.all('*', { kind: 'duplicate' })],
    ['twice at the same moment', () => stage.telnyx.faults.webhooks.all('*', { kind: 'concurrent' })],
    ['late', () => stage.telnyx.faults.webhooks.all('call.answered', { kind: 'delay', delayMs: 300 })],
    ['in the wrong order', () => stage.telnyx.faults.webhooks.next('call.answered', { kind: 'reorder' })],
    ['but for call.answered', () => stage.telnyx.faults.webhooks.next('call.answered', { kind: 'drop' })],
    ['but for call.bridged', () => stage.telnyx.faults.webhooks.next('call.bridged', { kind: 'drop' }, 2)],
    [
      'but for all save one call.bridged',
      () => {
        stage.telnyx.faults.webhooks.next('call.answered', { kind: 'drop' });
        stage.telnyx.faults.webhooks.next('call.bridged', { kind: 'drop' });
      },
    ],
  ])('is known to have succeeded when its webhooks come %s', async (_case, arm) => {
    const { call, leg } = await transfer();
    arm();
    leg.pickUp();
    await handedOver(call);
    leg.hangUp();
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'transferred' });
    expect(actions(call)).toEqual(['answer', 'streaming_stop', 'transfer']);
  });

  it('brings the caller back once, when the end of the second leg is told twice', async () => {
    const { call, leg } = await transfer();
    stage.telnyx.faults.webhooks.all('call.hangup', { kind: 'duplicate', afterMs: 20 });
    leg.decline('user_busy');
    await call.waitFor('stream-started', 10_000, 2);
    await stage.telnyx.settled();
    expectCameBack(actions(call));
    await hangUp(stage, call);
  });

  it('brings the caller back when nobody ever tells what became of it', async () => {
    const { call, leg } = await transfer();
    stage.telnyx.faults.webhooks.all('call.hangup', { kind: 'drop' });
    leg.decline('no_answer');
    // As long as it may ring, and 15 s for the webhooks.
    await call.waitFor('stream-started', 30_000, 2);
    stage.telnyx.faults.clear();
    await hangUp(stage, call);
  }, 45_000);
});

describe('a transfer and the end of the process', () => {
  beforeEach(() => begin());
  afterEach(() => stage.close());

  it('waits for what becomes of it after SIGTERM, and for the call that comes back', async () => {
    const { gateway } = stage;
    const { call, leg } = await transfer();
    gateway.process.kill('SIGTERM');
    await gateway.waitForStatus(({ draining }) => draining);
    leg.decline('user_busy');
    await call.waitFor('stream-started', 10_000, 2);
    await sessionInUse(stage.realtime);
    const exit = new Promise((resolve) => gateway.process.on('exit', resolve));
    call.hangUp();
    expect(await exit).toBe(0);
  });

  it('does not hold the process once somebody has answered, and the talk goes on without it', async () => {
    const { gateway } = stage;
    const { call, leg } = await transfer();
    leg.pickUp();
    await handedOver(call);
    const exit = new Promise((resolve) => gateway.process.on('exit', resolve));
    gateway.process.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect([call.state, leg.state]).toEqual(['answered', 'answered']);
    expect(actions(call)).toEqual(['answer', 'streaming_stop', 'transfer']);
  });

  it('is not hung up by a second signal', async () => {
    const { gateway } = stage;
    const { call } = await transfer();
    const exit = new Promise((resolve) => gateway.process.on('exit', resolve));
    gateway.process.kill('SIGTERM');
    await gateway.waitForStatus(({ draining }) => draining);
    gateway.process.kill('SIGTERM');
    await exit;
    expect(actions(call)).toEqual(['answer', 'streaming_stop', 'transfer']);
    expect(call.state).toBe('answered');
  });
});

describe('a call that cannot go on, with a fallback', () => {
  beforeAll(() =>
    begin(
      { FALLBACK_NUMBER: FALLBACK, SENTENCE_FALLBACK: 'Someone will help you.', OPENAI_CONNECT_TIMEOUT_MS: '1000' },
      { refusedWhileStreaming: [] },
    ),
  );
  afterAll(() => stage.close());
  afterEach(async () => {
    stage.realtime.faults.clear();
    await cleanUp();
  });

  /** The model goes away for good. */
  async function modelGone(): Promise<SimulatedCall> {
    const { call, session } = await greetedCall(stage);
    stage.realtime.faults.arm('failAuth', {}, 100);
    session.drop();
    await requestOf(stage, call, 'transfer', 1, 15_000);
    expect(call.heard.spoken.at(-1)).toMatchObject({ text: 'Someone will help you.', status: 'completed' });
    return call;
  }

  const fallbackLeg = (call: SimulatedCall): Promise<SimulatedCall> =>
    eventually(
      () => stage.telnyx.calls.find((leg) => leg !== call && leg.callSessionId === call.callSessionId),
      'the leg to the fallback',
    );

  it('is handed over after an apology, and ends for the reason that it had', async () => {
    const call = await modelGone();
    const leg = await fallbackLeg(call);
    expect(leg.to).toBe(FALLBACK);
    leg.pickUp();
    await handedOver(call);
    leg.hangUp();
    expect(await callEnded(stage, call)).toMatchObject({ endReason: expect.stringMatching(/^model-/) as string });
    expect(actions(call)).not.toContain('hangup');
  });

  it('is hung up when nobody answers there', async () => {
    const call = await modelGone();
    (await fallbackLeg(call)).decline('no_answer');
    await requestOf(stage, call, 'hangup');
    expect(await callEnded(stage, call)).toMatchObject({ endReason: expect.stringMatching(/^model-/) as string });
  });
});
