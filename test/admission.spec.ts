import { type CallRequest, type SimulatedCall, type TelnyxSwitches } from '../simulator/telnyx/index.js';
import { eventually, requestOf, requestsFor } from './support/calls.js';
import { setStage, type Stage } from './support/gateway.js';

const OVERFLOW = '+15550100088';

let stage: Stage;
afterEach(() => stage.close());

async function begin(env: Record<string, string>, switches: Partial<TelnyxSwitches> = {}): Promise<void> {
  stage = await setStage({ env: { WARM_SESSIONS: '0', ...env }, telnyx: { switches } });
}

const actions = (call: SimulatedCall): string[] => requestsFor(stage, call).map(({ action }) => action);

/** What is done about a call, first of all. */
async function firstAction(request: CallRequest = {}): Promise<string> {
  const call = stage.telnyx.placeCall(request);
  return eventually(() => actions(call)[0], 'a command for the call');
}

describe('a number that calls again and again', () => {
  it('is rejected as busy above its limit, and nobody else is', async () => {
    await begin({ CALLER_CALLS_PER_MINUTE: '2', OVERFLOW_NUMBER: OVERFLOW });
    const from = '+15550100001';
    const taken = [
      await firstAction({ from }),
      await firstAction({ from: '15550100001' }),
      await firstAction({ from }),
    ];
    expect(taken).toEqual(['answer', 'answer', 'reject']);
    expect(await firstAction({ from: '+15550100003' })).toBe('answer');
    const refused = await stage.gateway.waitForLine(({ msg }) => msg === 'call rejected as busy');
    expect(refused).toMatchObject({ verdict: 'caller-too-often' });
    expect((await stage.gateway.status()).counters).toMatchObject({ callsRejected: 1, callsOverflowed: 0 });
    expect(stage.gateway.output).not.toContain('5550100001');
  });

  it.each(['anonymous', 'Restricted', '+266696687', 'sip:anonymous@anonymous.invalid'])(
    'is not one number when it is withheld: %s',
    async (from) => {
      await begin({ CALLER_CALLS_PER_MINUTE: '1' });
      for (let call = 0; call < 3; call++) expect(await firstAction({ from })).toBe('answer');
    },
  );

  it('may call as often as it likes where there is no limit', async () => {
    await begin({ CALLER_CALLS_PER_MINUTE: '0' });
    for (let call = 0; call < 12; call++) expect(await firstAction({ from: '+15550100001' })).toBe('answer');
  });
});

describe('a pod without memory to spare', () => {
  it('rejects calls as busy, and stays ready', async () => {
    // A heap so small that the application alone takes more than a tenth of it.
    await begin({ MEMORY_LIMIT_PERCENT: '10', NODE_OPTIONS: '--max-old-space-size=128' });
    expect(await firstAction()).toBe('reject');
    expect(await stage.gateway.waitForLine(({ msg }) => msg === 'call rejected as busy')).toMatchObject({
      verdict: 'memory-low',
    });
    expect((await stage.gateway.request('/readyz', { management: true })).status).toBe(200);
  });
});

describe('a pod that is full, with an overflow number', () => {
  /** A call more than the pod can take, and the leg that rings at the overflow number. */
  async function overflow(switches: Partial<TelnyxSwitches>) {
    await begin({ MAX_CALLS: '1', OVERFLOW_NUMBER: OVERFLOW, TRANSFER_RING_S: '5' }, switches);
    const { telnyx } = stage;
    await telnyx.placeCall().waitFor('stream-started');
    const call = telnyx.placeCall();
    const leg = await eventually(
      () => telnyx.calls.find((other) => other !== call && other.callSessionId === call.callSessionId),
      'the leg to the overflow number',
    );
    expect(leg.to).toBe(OVERFLOW);
    return { call, leg };
  }

  const BEFORE_ANSWER = [
    ['accepted', ['transfer']],
    ['refused', ['transfer', 'answer', 'transfer']],
  ] as const;

  it.each(BEFORE_ANSWER)(
    'hands the next caller over, where a transfer before the answer is %s',
    async (transferBeforeAnswer, expected) => {
      const { call, leg } = await overflow({ transferBeforeAnswer, dialOutcome: 'manual' });
      leg.pickUp();
      await call.waitFor('bridged');
      expect(actions(call)).toEqual(expected);
      // Nothing of ours is in that call: no stream, no place taken.
      expect(call.streams).toEqual([]);
      await stage.gateway.waitForStatus(({ activeCalls, heldCalls }) => activeCalls === 1 && heldCalls === 1);
      expect((await stage.gateway.status()).counters).toMatchObject({ callsOverflowed: 1, callsRejected: 0 });
      leg.hangUp();
      await call.waitFor('ended');
      expect(actions(call)).toEqual(expected);
    },
  );

  it.each([
    ['accepted', 'reject'],
    ['refused', 'hangup'],
  ] as const)(
    'turns the caller away when nobody is there either, where a transfer before the answer is %s',
    async (transferBeforeAnswer, last) => {
      const { call, leg } = await overflow({ transferBeforeAnswer, dialOutcome: 'manual' });
      leg.decline('user_busy');
      await requestOf(stage, call, last);
      await call.waitFor('ended');
      await stage.gateway.waitForStatus(({ heldCalls }) => heldCalls === 1);
    },
  );

  it('is left alone when the caller hangs up while it rings there', async () => {
    const { call, leg } = await overflow({ transferBeforeAnswer: 'accepted', dialOutcome: 'manual' });
    call.hangUp();
    await leg.waitFor('ended');
    await stage.gateway.waitForStatus(({ heldCalls }) => heldCalls === 1);
    expect(actions(call)).toEqual(['transfer']);
  });

  it('rejects as busy what Telnyx will not transfer', async () => {
    await begin({ MAX_CALLS: '1', OVERFLOW_NUMBER: OVERFLOW });
    await stage.telnyx.placeCall().waitFor('stream-started');
    stage.telnyx.faults.rest.all('transfer', { kind: 'error', status: 422, code: '10016' });
    const call = stage.telnyx.placeCall();
    await call.waitFor('rejected');
    expect(actions(call)).toEqual(['transfer', 'reject']);
  });
});
