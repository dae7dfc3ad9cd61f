import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type CallRequest } from '../simulator/telnyx/index.js';
import { type ConnectedCall, eventually, greetedCall, hangUp, requestsFor } from './support/calls.js';
import {
  answered,
  counter,
  expectEnd,
  linesOf,
  mendStage,
  SENTENCE,
  setFailingStage,
  told,
  WORDS,
} from './support/failing-stage.js';
import { Gateway, type Stage } from './support/gateway.js';
import { SABOTAGE, SABOTEUR } from './support/saboteur.js';

/** What is done first about a new call. */
async function firstAction(stage: Stage, request: CallRequest = {}): Promise<string> {
  const call = stage.telnyx.placeCall(request);
  return eventually(() => requestsFor(stage, call)[0]?.action, 'a command for the call');
}

const rejection = ({ gateway }: Stage, verdict: string) =>
  gateway.waitForLine(({ msg, verdict: why }) => msg === 'call rejected as busy' && why === verdict);

describe('a pod that cannot take another call', () => {
  it('full: the next caller hears the busy tone, and the pod stays ready', async () => {
    const stage = await setFailingStage({ env: { MAX_CALLS: '1' } });
    try {
      const { call } = await greetedCall(stage);
      expect(await firstAction(stage)).toBe('reject');
      await rejection(stage, 'full');
      expect(await counter(stage, 'callsRejected')).toBe(1);
      expect((await stage.gateway.request('/readyz', { management: true })).status).toBe(200);
      await hangUp(stage, call);
      expect(await firstAction(stage)).toBe('answer');
    } finally {
      await stage.close();
    }
  });

  it('full: the next caller rings at OVERFLOW_NUMBER where there is one', async () => {
    const stage = await setFailingStage({
      env: { MAX_CALLS: '1', OVERFLOW_NUMBER: '+15550100088' },
      telnyx: { switches: { transferBeforeAnswer: 'accepted' } },
    });
    try {
      await greetedCall(stage);
      expect(await firstAction(stage)).toBe('transfer');
      const sent = await stage.gateway.waitForLine(({ msg }) => msg === 'call sent to the overflow number');
      expect(sent).toMatchObject({ verdict: 'full' });
      expect(await counter(stage, 'callsOverflowed')).toBe(1);
    } finally {
      await stage.close();
    }
  });

  it('event loop late: callers hear the busy tone until the process keeps time again', async () => {
    const stage = await setFailingStage({ env: { EVENT_LOOP_LAG_LIMIT_MS: '50' } });
    const { gateway } = stage;
    let late = true;
    const stumble = async (): Promise<void> => {
      while (late) {
        gateway.process.kill('SIGSTOP');
        await delay(150);
        gateway.process.kill('SIGCONT');
        await delay(10);
      }
    };
    try {
      const stumbling = stumble();
      await rejectedAtLast(stage);
      await rejection(stage, 'event-loop-late');
      late = false;
      await stumbling;
      for (let tries = 0; (await firstAction(stage)) !== 'answer'; tries++) {
        expect(tries).toBeLessThan(40);
        await delay(100);
      }
    } finally {
      late = false;
      await stage.close();
    }
  });

  it('memory low: callers hear the busy tone, and the pod stays ready', async () => {
    const env = { MEMORY_LIMIT_PERCENT: '10', NODE_OPTIONS: '--max-old-space-size=128' };
    const stage = await setFailingStage({ env });
    try {
      expect(await firstAction(stage)).toBe('reject');
      await rejection(stage, 'memory-low');
      expect((await stage.gateway.request('/readyz', { management: true })).status).toBe(200);
    } finally {
      await stage.close();
    }
  });

  it('caller too often: one number hears the busy tone, and nobody else', async () => {
    const stage = await setFailingStage({ env: { CALLER_CALLS_PER_MINUTE: '1' } });
    try {
      const from = '+15550100001';
      expect([await firstAction(stage, { from }), await firstAction(stage, { from })]).toEqual(['answer', 'reject']);
      await rejection(stage, 'caller-too-often');
      expect(await firstAction(stage, { from: '+15550100003' })).toBe('answer');
    } finally {
      await stage.close();
    }
  });

  /** Calls until one of them is rejected. */
  async function rejectedAtLast(stage: Stage): Promise<void> {
    for (let tries = 0; (await firstAction(stage)) !== 'reject'; tries++) {
      expect(tries).toBeLessThan(40);
      await delay(100);
    }
  }
});

describe('a mistake of ours', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setFailingStage({ env: { ...SABOTEUR, BUILT_IN_TOOLS: 'send_keys', KEYS_PAUSE_MS: '500' } });
  });
  afterAll(() => stage.close());
  afterEach(() => mendStage(stage));

  const answersTool = { name: 'no_such_tool', arguments: {}, callId: SABOTAGE.toolCallId };
  const sendsKeys = { name: 'send_keys', arguments: { keys: '1' }, callId: SABOTAGE.toolCallId };

  it.each<[string, (connected: ConnectedCall) => void]>([
    ['an event of the model', ({ session }) => session.respond({ items: [answersTool] })],
    ['something that was waited for', ({ session }) => session.respond({ items: [sendsKeys] })],
    ['a frame of the line', ({ call }) => [...`${SABOTAGE.keys}#`].forEach((key) => call.pressKey(key))],
    ['a timer of the conversation', ({ call }) => [...SABOTAGE.keys].forEach((key) => call.pressKey(key))],
    ['the playout', ({ session }) => session.respond({ text: 'Hmm', audio: SABOTAGE.audio })],
  ])('mistake in one call: in %s, it ends that call with a sentence, and no other', async (_, happen) => {
    const other = await greetedCall(stage);
    const connected = await greetedCall(stage);
    happen(connected);
    await expectEnd(stage, connected.call, 'internal-error', SENTENCE.sorry);
    const line = stage.gateway.lines.find(
      ({ callId, level }) => callId === connected.call.callControlId && level >= 50,
    );
    expect(JSON.stringify(line?.['err'])).toContain('sabotage');
    await other.call.say(WORDS);
    await answered(other.session);
    await other.call.waitFor('heard-audio', 5_000, 2);
    expect(stage.gateway.lines.filter(({ msg }) => msg.startsWith('uncaught'))).toEqual([]);
    await hangUp(stage, other.call);
  });

  it('mistake in a promise: it is logged, and nothing else happens', async () => {
    stage.gateway.process.kill('SIGWINCH');
    await stage.gateway.waitForLine(({ msg }) => msg === 'unhandled rejection');
    expect((await stage.gateway.request('/readyz', { management: true })).status).toBe(200);
  });

  it('mistake outside of calls: those that are on go on, no new one is taken, and the process is restarted after them', async () => {
    const own = await setFailingStage({ env: SABOTEUR });
    const { gateway, telnyx } = own;
    try {
      const { call, session } = await greetedCall(own);
      gateway.process.kill('SIGUSR2');
      await gateway.waitForLine(({ msg }) => msg.startsWith('uncaught exception'));
      expect((await gateway.request('/readyz', { management: true })).status).toBe(503);
      telnyx.switches.webhookRetryDelaysMs = [];
      const refused = telnyx.placeCall();
      await call.say(WORDS);
      await answered(session);
      await call.waitFor('heard-audio', 5_000, 2);
      expect(requestsFor(own, refused)).toEqual([]);
      const exit = once(gateway.process, 'exit');
      call.hangUp();
      expect(await exit).toEqual([1, null]);
    } finally {
      await own.close();
    }
  });
});

describe('a receiver of reports', () => {
  let receiver: Server;
  let stage: Stage;
  /** How reports are answered; undefined: not at all. */
  let status: number | undefined;

  beforeAll(async () => {
    receiver = createServer((request, response) => {
      request.resume();
      if (status !== undefined) response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    stage = await setFailingStage({
      env: {
        REPORT_URL: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
        REPORT_SECRET: 'a-secret-of-the-tests',
        REPORT_TIMEOUT_MS: '300',
        REPORT_GIVE_UP_AFTER_S: '3',
        LAST_WORDS_WAIT_MS: '0',
      },
    });
  });
  afterAll(async () => {
    await stage.close();
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
  });
  afterEach(() => mendStage(stage));

  it.each([
    ['that fails', 503, 'status 503'],
    ['that does not answer', undefined, ''],
  ])('report not taken: a receiver %s is tried again, and no call waits for it', async (_, answer, problem) => {
    status = answer;
    const { call } = await greetedCall(stage);
    await hangUp(stage, call);
    const line = await told(stage, call, 'report not delivered, trying again');
    expect(String(line['problem'])).toContain(problem);
    const next = await greetedCall(stage);
    await hangUp(stage, next.call);
    status = 200;
    await told(stage, call, 'report delivered');
    await told(stage, next.call, 'report delivered');
  });

  it('report not taken: one that is refused for good is given up, and counted', async () => {
    status = 410;
    const failedBefore = await counter(stage, 'reportsFailed');
    const { call } = await greetedCall(stage);
    await hangUp(stage, call);
    expect(await told(stage, call, 'report not delivered, given up')).toMatchObject({ problem: 'status 410' });
    expect(await counter(stage, 'reportsFailed')).toBe(failedBefore + 1);
  });

  it('report not taken: one that nobody takes for long is given up, and counted', async () => {
    status = 500;
    const { call } = await greetedCall(stage);
    await hangUp(stage, call);
    expect(await told(stage, call, 'report not delivered, given up')).toMatchObject({ problem: 'status 500' });
  });
});

describe('what is read from files and from the environment', () => {
  it('secret file unreadable: the value from before stays in use, and the operator is told', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'secret-'));
    const file = join(folder, 'openai');
    writeFileSync(file, 'sk-double\n');
    // An empty variable counts as unset.
    const stage = await setFailingStage({ env: { OPENAI_API_KEY: '', OPENAI_API_KEY_FILE: file } });
    try {
      rmSync(file);
      const problem = await stage.gateway.waitForLine(({ msg }) => msg.startsWith('OPENAI_API_KEY: '), 15_000);
      expect(problem).toMatchObject({ level: 50, msg: expect.stringContaining('stays in use') as string });
      const { call } = await greetedCall(stage);
      expect(linesOf(stage, call, 'no session with the model')).toEqual([]);
      await hangUp(stage, call);
    } finally {
      await stage.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('settings wrong: the process does not start, and says every mistake at once', async () => {
    const { exitCode, output } = await Gateway.startInVain({ MAX_CALLS: 'many', VOICE: 'nobody' });
    expect(exitCode).toBe(1);
    for (const name of ['MAX_CALLS', 'VOICE', 'OPENAI_API_KEY', 'TELNYX_API_KEY', 'TELNYX_PUBLIC_KEY']) {
      expect(output).toContain(name);
    }
  });

  it('port in use: the process does not start, and names the setting', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const keys = { OPENAI_API_KEY: 'sk', TELNYX_API_KEY: 'key', WEBHOOK_SIGNATURE: 'off', WARM_SESSIONS: '0' };
    const { exitCode, output } = await Gateway.startInVain({ ...keys, PORT: String(port) });
    await new Promise((resolve) => taken.close(resolve));
    expect(exitCode).toBe(1);
    expect(output).toContain(`Port ${port} is in use: set PORT`);
  });
});
