import { babble } from '../../simulator/audio/signals.js';
import { callEnded, connectCall, greetedCall, hangUp, requestsFor } from '../support/calls.js';
import { setStage, type Stage } from '../support/gateway.js';
import { HttpPeer } from '../support/http-peer.js';

const SECRETS = {
  OPENAI_API_KEY: 'sk-the-key-of-the-model',
  STREAM_TOKEN_SECRET: 'the-secret-of-stream-tokens',
  NUMBER_HASH_SECRET: 'the-secret-of-number-hashes',
  TOOL_SECRET_DESK: 'the-token-of-the-parcel-desk',
  REPORT_SECRET: `whsec_${Buffer.from('a key of thirty-two bytes for it').toString('base64')}`,
};
const CALLER_WORDS = 'Is my parcel underway?';
const ASSISTANT_WORDS = ['Good morning, this is the parcel desk.', 'Your parcel arrives tomorrow before noon.'];
const TOOL_WORDS = ['ZX-81-parcel', 'on the blue lorry'];
const KEYS = '83159';

let stage: Stage;
let desk: HttpPeer;

async function begin(env: Record<string, string>): Promise<void> {
  desk = await HttpPeer.start(({ path }) => ({
    status: path === '/report' ? 500 : 200,
    body: `{"it":"${TOOL_WORDS[1]}"}`,
  }));
  const tool = {
    name: 'find_parcel',
    description: 'Finds a parcel.',
    parameters: { type: 'object', properties: { parcel: { type: 'string' } }, required: ['parcel'] },
    url: desk.url,
    headers: { Authorization: 'Bearer ${TOOL_SECRET_DESK}' },
  };
  stage = await setStage({
    env: {
      ...SECRETS,
      WARM_SESSIONS: '0',
      REPORT_URL: `${desk.url}/report`,
      TOOLS: JSON.stringify({ http: [tool] }),
      ...env,
    },
    realtime: {
      apiKey: SECRETS.OPENAI_API_KEY,
      switches: { responseDelayMs: 20 },
      script: {
        hears: [CALLER_WORDS],
        replies: [
          { text: ASSISTANT_WORDS[0] ?? '', durationMs: 400 },
          { items: [{ name: 'find_parcel', arguments: { parcel: TOOL_WORDS[0] ?? '' } }] },
          { text: ASSISTANT_WORDS[1] ?? '', durationMs: 400 },
        ],
      },
    },
  });
}

afterEach(async () => {
  await stage.close();
  await desk.close();
});

/** A greeting, a tool, keys, a command that Telnyx refuses, a model that is lost, and the end. */
async function eventfulCall() {
  const { call, session } = await connectCall(stage);
  await session.waitFor('response.done');
  await call.waitForQuiet(60);
  await call.say(babble(600, -12));
  await call.waitFor('heard-audio', 10_000, 2);
  await call.waitForQuiet(60);
  for (const key of `${KEYS}#`) call.pressKey(key);
  await stage.gateway.waitForLine(({ msg }) => msg === 'the caller entered keys');
  stage.realtime.faults.arm('refuseUpgrade', { status: 500 });
  session.drop();
  await stage.gateway.waitForLine(({ msg }) => msg === 'the conversation goes on in a new session', 15_000);
  await hangUp(stage, call);
  return call;
}

describe('the log of a call', () => {
  it.each(['debug', 'trace'])(
    'has no secret, no number and no word in it at level %s',
    async (level) => {
      await begin({ LOG_LEVEL: level });
      const call = await eventfulCall();
      await stage.gateway.waitForLine(({ msg }) => msg.startsWith('report not delivered'));
      const { output } = stage.gateway;
      const [answer] = requestsFor(stage, call, 'answer');
      const token = new URL(String(answer?.body['stream_url'])).pathname.split('/').at(-1) ?? '';
      const private_ = [
        ...Object.values(SECRETS),
        stage.telnyx.apiKey,
        token,
        String(answer?.body['client_state']),
        call.from.slice(1),
        call.to.slice(1),
        CALLER_WORDS,
        ...ASSISTANT_WORDS,
        ...TOOL_WORDS,
        KEYS,
      ];
      expect(private_.filter((each) => each.length < 5)).toEqual([]);
      for (const each of private_) expect(output).not.toContain(each);
      expect(stage.gateway.lines.filter(({ level: number }) => number === 20).length).toBeGreaterThan(0);
    },
    40_000,
  );

  it('begins with one line and ends with one, with the totals', async () => {
    await begin({ LOG_LEVEL: 'info' });
    const call = await eventfulCall();
    const lines = stage.gateway.lines.filter((line) => line['callId'] === call.callControlId);
    const named = (msg: string) => lines.filter((line) => line.msg === msg);
    expect(named('call begins')).toHaveLength(1);
    expect(named('call ended')).toHaveLength(1);
    expect(named('call ended')[0]).toMatchObject({
      endReason: 'caller-hung-up',
      durationMs: expect.any(Number) as number,
      conversation: { costUsd: expect.any(Number) as number, resumes: 1 },
    });
    expect(lines[0]?.msg).toBe('call begins');
  }, 40_000);
});

describe('the log level', () => {
  const setLevel = (body: string, path = '/log-level') =>
    stage.gateway.request(path, { method: 'POST', body, management: true });

  it('can be changed while calls go on, which follow it, and is told', async () => {
    await begin({ LOG_LEVEL: 'info' });
    const { call } = await greetedCall(stage);
    const debugLines = () => stage.gateway.lines.filter(({ level }) => level === 20).length;
    expect(debugLines()).toBe(0);
    const answer = await setLevel('debug');
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([200, { level: 'debug', configured: 'info' }]);
    await hangUp(stage, call);
    // The call had begun before.
    await stage.gateway.waitForLine((line) => line.level === 20 && line['callId'] === call.callControlId);
    const { body } = await stage.gateway.request('/log-level', { management: true });
    expect(JSON.parse(body)).toMatchObject({ level: 'debug', configured: 'info', until: expect.any(String) as string });
    await setLevel('info');
    const before = debugLines();
    const { call: next } = await greetedCall(stage);
    next.hangUp();
    await callEnded(stage, next);
    expect(debugLines()).toBe(before);
  }, 30_000);

  it('is the configured one again after a while', async () => {
    await begin({ LOG_LEVEL: 'info' });
    // Three hundred milliseconds.
    expect((await setLevel('debug', '/log-level?minutes=0.005')).status).toBe(200);
    await stage.gateway.waitForLine((line) => line.msg === 'the log level was changed' && line['now'] === 'info');
    const { body } = await stage.gateway.request('/log-level', { management: true });
    expect(JSON.parse(body)).toEqual({ level: 'info', configured: 'info' });
  });

  it('is not changed by what is no level, nor from the public port', async () => {
    await begin({ LOG_LEVEL: 'info' });
    const refused = await setLevel('loud');
    expect([refused.status, refused.body]).toEqual([400, expect.stringContaining('fatal, error, warn, info, debug')]);
    expect((await setLevel('debug 0')).status).toBe(400);
    expect((await stage.gateway.request('/log-level', { method: 'POST', body: 'debug' })).status).toBe(404);
    expect((await stage.gateway.request('/log-level')).status).toBe(404);
    const { body } = await stage.gateway.request('/log-level', { management: true });
    expect(JSON.parse(body)).toMatchObject({ level: 'info' });
  });
});
