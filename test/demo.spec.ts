import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadClip } from '../simulator/audio/clips.js';
import { locateClip } from '../simulator/audio/locate.js';
import { decodeWav } from '../simulator/audio/wav.js';
import { startDemoModel } from '../simulator/demo/cast.js';
import { type DemoOutcome } from '../simulator/demo/demo-report.js';
import { type RealtimeDouble } from '../simulator/realtime/index.js';
import { OtlpReceiver } from '../simulator/trace/otlp-receiver.js';
import { deadPort } from './support/tcp-proxy.js';

const DEMO = resolve('dist/simulator/demo/main.js');
/** The call takes 39 seconds of real time. */
const CALL_LIMIT_MS = 90_000;

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

describe('the demo', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-demo-'));
  const children = new Set<ChildProcess>();
  const wav = join(folder, 'calls', 'call.wav');
  let model: RealtimeDouble;
  let collector: OtlpReceiver;
  // Both calls take forty seconds of real time and next to no work, so they are held at the same time.
  let measured: Promise<Ended>;
  let live: Promise<Ended>;

  beforeAll(async () => {
    model = await startDemoModel({ apiKey: 'sk-live' });
    collector = await OtlpReceiver.start();
    measured = start(['--json', '--wav', wav, '--otlp', collector.endpoint]).ended;
    live = start(['--live', '--otlp', `http://127.0.0.1:${await deadPort()}`], {
      OPENAI_API_KEY: 'sk-live',
      OPENAI_REALTIME_URL: model.url,
    }).ended;
  });

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all([measured, live]);
    await Promise.all([model.close(), collector.close()]);
    rmSync(folder, { recursive: true });
  });

  function start(args: string[], env: Record<string, string> = {}): { child: ChildProcess; ended: Promise<Ended> } {
    const child = spawn(process.execPath, [DEMO, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    const written = { out: '', err: '' };
    child.stdout.on('data', (text: Buffer) => (written.out += text.toString()));
    child.stderr.on('data', (text: Buffer) => (written.err += text.toString()));
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...written }));
    return { child, ended };
  }

  it(
    'holds a whole call, measures it, and writes down what was heard',
    async () => {
      const { code, out, err } = await measured;
      expect(err).toBe('');
      const outcome = JSON.parse(out) as DemoOutcome;
      expect(outcome).toMatchObject({ problems: [], ok: true, remarks: [], live: false, wav });
      expect(code).toBe(0);
      expect(outcome.call).toMatchObject({ endedBy: 'gateway' });
      expect(outcome.call.turns).toHaveLength(4);
      // No answer can come before the silence by which a turn ends (500 ms) and the double's thinking (300 ms); and none to
      // the keys before it has thought twice, with the restaurant (150 ms) in between.
      for (const turn of outcome.call.turns) expect(turn.answerMs).toBeGreaterThan(700);
      expect(outcome.toolMs).toBeGreaterThanOrEqual(140);
      expect(outcome.loss?.resumedAfterMs).toBeGreaterThanOrEqual(0);
      expect(outcome.loss?.toldItems).toBeGreaterThanOrEqual(9);
      expect(outcome.costUsd).toBeGreaterThan(0);
      const { heardMs, truncatedAtMs, generatedMs } = outcome.interruption!;
      expect(Math.abs(heardMs - truncatedAtMs!)).toBeLessThanOrEqual(60);
      expect(generatedMs).toBeGreaterThan(heardMs);

      // The trace is whole, and a collector has got the same.
      const { id = '', spans } = outcome.trace!;
      expect(collector.trace(id)).toHaveLength(spans);
      expect(collector.trace(id).filter(({ name }) => name === 'turn')).toHaveLength(5);
      expect(collector.trace(id).at(-1)?.name).toBe('call.summary');
      expect(outcome.otlp).toEqual({ url: `${collector.endpoint}/v1/traces` });

      const { sampleRateHz, channels } = decodeWav(readFileSync(wav));
      const [left = new Int16Array(), right = new Int16Array()] = channels;
      expect(sampleRateHz).toBe(8000);
      expect(locateClip(left, loadClip('caller-goodbye'))?.score).toBeGreaterThan(0.95);
      expect(locateClip(right, loadClip('assistant-goodbye'))?.score).toBeGreaterThan(0.95);
      // Nobody hears himself.
      expect(locateClip(right, loadClip('caller-goodbye'))?.score).toBeLessThan(0.6);
    },
    CALL_LIMIT_MS,
  );

  it(
    'holds the same call with the model that OPENAI_API_KEY opens, and tells it in plain lines where nobody watches',
    async () => {
      const { code, out, err } = await live;
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/ s {2}telnyx +webhook call\.initiated: 200 in \d+ ms\n/);
      expect(out).toMatch(/ s {2}telnyx +command “answer”, with a media stream: 200\n/);
      expect(out).toMatch(/ s {2}caller +\(interrupts\) “Sorry, one moment/);
      expect(out).toMatch(/ s {2}gateway +the caller interrupts, having heard \d+ of \d+ ms/);
      expect(out).toMatch(/ s {2}caller +presses 4711#\n/);
      expect(out).toMatch(/ s {2}gateway +the caller entered keys \(the log says 4 keys, not which\)\n/);
      expect(out).toMatch(
        / s {2}tool +book_table \{"day":"Friday".*"phoneDigits":"4711"\}, idempotency key [0-9a-f]{8}…\n/,
      );
      expect(out).toMatch(/ s {2}tool +200 \{"status":"booked"/);
      expect(out).toMatch(/ s {2}gateway +hangs up\n/);
      // The waterfall; and a collector that is not there is no problem of the call.
      expect(out).toMatch(/\ncall +.*\n(?:.*\n)*├ turn 1 .*━.*interrupted\n/);
      expect(out).toMatch(/It could not be sent on\. http:\/\/127\.0\.0\.1:\d+\/v1\/traces: nobody listens there\./);
      expect(out).toContain('The call went as it should.');
      // Nobody cuts a connection that costs money.
      expect(out).not.toMatch(/CONNECTION LOST|went its own way/);
      const [, recording = ''] = /: (recordings\/demo-.*\.wav)\n/.exec(out) ?? [];
      expect(existsSync(join(folder, recording))).toBe(true);
      // No colours, no cursor movements, none of the gateway's JSON, and never the key.
      // eslint-disable-next-line no-control-regex
      expect(out).not.toMatch(/[\x1b\r]|"level":|sk-live/);
      const carried = model.sessions.find((session) => session.appendCount > 0);
      expect(carried?.items.some(({ truncatedAtMs }) => truncatedAtMs !== undefined)).toBe(true);
    },
    CALL_LIMIT_MS,
  );

  it('says what --live needs when there is no key', async () => {
    const { code, err } = await start(['--live']).ended;
    expect(code).toBe(2);
    expect(err).toContain('needs OPENAI_API_KEY');
  });

  it('says what is wrong with the URL of a collector before it begins', async () => {
    const { code, out, err } = await start(['--otlp', 'localhost']).ended;
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('no URL of a collector');
  });

  it('passes on why the gateway would not start', async () => {
    const { code, out, err } = await start(['--live'], { OPENAI_API_KEY: 'sk-live', VOICE: 'nova' }).ended;
    expect(code).toBe(1);
    expect(err).toContain('The gateway did not start (exit code 1)');
    expect(err).toMatch(/VOICE: .*marin/);
    expect(out).not.toContain('Ready');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('leaves nothing behind when %s ends it in mid-call', async (signal) => {
    const { child, ended } = start([]);
    const onTheCall = new Promise<void>((resolve) => {
      child.stdout?.on('data', (text: Buffer) => text.toString().includes('media stream open') && resolve());
    });
    await Promise.race([onTheCall, ended]);
    const gateways = childrenOf(child.pid!);
    child.kill(signal);
    const { code, out, err } = await ended;
    expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
    expect(err).toContain('Stopped.');
    expect(out).not.toContain('did not go as it should');
    for (const pid of gateways) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

/** The processes that a process has started; Linux only, elsewhere none. */
function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number) : [];
}
