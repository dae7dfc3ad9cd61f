import { KNOWN_MODELS } from '../simulator/realtime/connect-check.js';
import { eventually, hangUp, sessionInUse } from './support/calls.js';
import {
  answered,
  counter,
  expectEnd,
  linesOf,
  mendStage,
  SENTENCE,
  setFailingStage,
  told,
} from './support/failing-stage.js';
import { type Stage } from './support/gateway.js';
import { deadPort } from './support/tcp-proxy.js';

const NO_SESSION = 'no session with the model';

describe('a model that no session is to be had with', () => {
  const models = [...KNOWN_MODELS];
  let stage: Stage;

  beforeAll(async () => {
    stage = await setFailingStage({
      env: { OPENAI_CONNECT_TIMEOUT_MS: '1000', WAIT_SIGNAL_AFTER_MS: '500' },
      realtime: { models },
    });
  });
  afterAll(() => stage.close());
  afterEach(() => mendStage(stage));

  it.each([
    ['after the upgrade', 'failAuth', {}, 'invalid_api_key'],
    ['with 401', 'refuseUpgrade', { status: 401 }, 'http-401'],
    ['with 403', 'refuseUpgrade', { status: 403 }, 'http-403'],
  ] as const)(
    'key refused: %s, the caller is told at once and the operator what to check',
    async (_, kind, how, code) => {
      stage.realtime.faults.arm(kind, how, 100);
      const failuresBefore = await counter(stage, 'modelConnectFailures');
      const call = stage.telnyx.placeCall();
      await expectEnd(stage, call, 'model-unavailable', SENTENCE.sorry);
      // Not tried again: the same key would be refused again.
      expect(linesOf(stage, call, NO_SESSION)).toMatchObject([
        { code, reason: expect.stringContaining('check OPENAI_API_KEY') as string },
      ]);
      expect(await counter(stage, 'modelConnectFailures')).toBeGreaterThan(failuresBefore);
      expect((await stage.gateway.request('/readyz', { management: true })).status).toBe(200);
    },
  );

  it('model unknown: the caller is told at once and the operator what to check', async () => {
    const call = stage.telnyx.placeCall();
    models.length = 0;
    await expectEnd(stage, call, 'model-unavailable', SENTENCE.sorry).finally(() => models.push(...KNOWN_MODELS));
    expect(linesOf(stage, call, NO_SESSION)).toMatchObject([
      { code: 'invalid_model', reason: expect.stringContaining('check OPENAI_REALTIME_MODEL') as string },
    ]);
  });

  it('configuration refused: the caller is told at once and the operator which field it is', async () => {
    stage.realtime.faults.arm('reject', { type: 'session.update', error: { param: 'session.audio.output' } }, 100);
    const call = stage.telnyx.placeCall();
    await expectEnd(stage, call, 'model-unavailable', SENTENCE.sorry);
    expect(linesOf(stage, call, NO_SESSION)).toMatchObject([
      { code: 'invalid_value', reason: expect.stringContaining('session.audio.output') as string },
    ]);
  });

  it('formats not echoed: the caller hears a sentence, and never noise', async () => {
    stage.realtime.faults.arm('keepFormats', {}, 100);
    const call = stage.telnyx.placeCall();
    await expectEnd(stage, call, 'model-unavailable', SENTENCE.sorry);
    expect(linesOf(stage, call, NO_SESSION)).toMatchObject([{ code: 'formats-not-echoed' }]);
    expect(call.heard.playedBytes).toBe(0);
  });

  it('session not confirmed: another one is opened, and the caller is greeted', async () => {
    stage.realtime.faults.arm('ignore', { type: 'session.update' });
    const call = stage.telnyx.placeCall();
    expect(await told(stage, call, NO_SESSION)).toMatchObject({
      code: 'timeout',
      reason: expect.stringContaining('OPENAI_CONNECT_TIMEOUT_MS') as string,
    });
    await answered(await sessionInUse(stage.realtime));
    await hangUp(stage, call);
  });

  it('connect slow: the caller hears a sentence while they wait, and then the greeting', async () => {
    // The first connection hangs until it is given up; the second one is taken.
    stage.realtime.faults.arm('delayUpgrade', { ms: 60_000 });
    const call = stage.telnyx.placeCall();
    await call.waitFor('spoken');
    expect(call.heard.spoken.map(({ text }) => text)).toEqual([SENTENCE.wait]);
    await answered(await sessionInUse(stage.realtime));
    await call.waitFor('heard-audio');
    expect(linesOf(stage, call, NO_SESSION)).toHaveLength(1);
    await hangUp(stage, call);
  });

  it('connect slow: the caller hears a tone where Telnyx does not speak beside a stream', async () => {
    stage.telnyx.switches.refusedWhileStreaming = ['speak'];
    stage.realtime.faults.arm('delayUpgrade', { ms: 60_000 });
    const sessionsBefore = stage.realtime.sessions.length;
    const call = stage.telnyx.placeCall();
    await call.waitFor('heard-audio');
    expect(stage.realtime.sessions).toHaveLength(sessionsBefore);
    expect(call.heard.spoken).toEqual([]);
    await answered(await sessionInUse(stage.realtime));
    await hangUp(stage, call);
  });

  it('connect slow: the call is ended with a sentence when no connection is ready in its time', async () => {
    stage.realtime.faults.arm('delayUpgrade', { ms: 60_000 }, 100);
    const call = stage.telnyx.placeCall();
    await expectEnd(stage, call, 'model-unavailable', SENTENCE.sorry);
    expect(linesOf(stage, call, NO_SESSION)).toHaveLength(4);
  });

  it.each([429, 500, 503])('connect turned away: after %i the next attempt serves the caller', async (status) => {
    stage.realtime.faults.arm('refuseUpgrade', { status }, 2);
    const call = stage.telnyx.placeCall();
    await answered(await sessionInUse(stage.realtime));
    await call.waitFor('heard-audio');
    expect(linesOf(stage, call, NO_SESSION).map(({ code }) => code)).toContain(`http-${status}`);
    await hangUp(stage, call);
  });

  it('connect turned away: the call is ended with a sentence when every attempt is', async () => {
    stage.realtime.faults.arm('refuseUpgrade', { status: 503 }, 100);
    const call = stage.telnyx.placeCall();
    await expectEnd(stage, call, 'model-unavailable', SENTENCE.sorry);
    expect(linesOf(stage, call, NO_SESSION)).toHaveLength(4);
  });
});

describe('a model whose address is not there', () => {
  let stage: Stage;

  beforeAll(async () => {
    const url = `ws://127.0.0.1:${await deadPort()}/v1/realtime`;
    stage = await setFailingStage({ env: { OPENAI_REALTIME_URL: url, WARM_SESSIONS: '1' } });
  });
  afterAll(() => stage.close());
  afterEach(() => mendStage(stage));

  it('connect refused: the call is ended with a sentence after a few attempts', async () => {
    const call = stage.telnyx.placeCall();
    await expectEnd(stage, call, 'model-unavailable', SENTENCE.sorry);
    const lines = linesOf(stage, call, NO_SESSION);
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatchObject({
      code: 'ECONNREFUSED',
      reason: expect.stringContaining('OPENAI_REALTIME_URL') as string,
    });
  });

  it('no warm session: the operator is told before the first call, and the pod stays ready', async () => {
    const { gateway } = stage;
    const line = await gateway.waitForLine(({ msg }) => msg.startsWith('no warm session with OpenAI'));
    expect(line).toMatchObject({ code: 'ECONNREFUSED', retryInMs: 1_000 });
    await eventually(
      () => gateway.lines.find(({ retryInMs }) => Number(retryInMs) > 1_000),
      'a second attempt, after which the wait is longer',
    );
    expect((await gateway.request('/readyz', { management: true })).status).toBe(200);
    expect(await counter(stage, 'modelConnectFailures')).toBeGreaterThan(1);
  });
});
