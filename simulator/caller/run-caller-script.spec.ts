import { jest } from '@jest/globals';
import { loadClip } from '../audio/clips.js';
import { type CallReport } from './call-report.js';
import { type CallerScript, prepareScript } from './caller-script.js';
import { type CallerEvent, runCallerScript, type ScriptedCall } from './run-caller-script.js';
import { BOOKING_CALL } from './scripts.js';

/** How the assistant at the other end behaves; times in ms. */
interface Assistant {
  answers: Int16Array[];
  answerMs?: number;
  /** Silent this long after the caller begins to speak; Infinity: it cannot be interrupted. */
  yieldMs?: number;
  /** It hangs up so long after it has begun the last of its answers; otherwise never. */
  hangsUpMs?: number;
}

/** A call on fake time: answers are laid onto the tape of what the caller hears, and cut off when the caller speaks. */
class TapeCall implements ScriptedCall {
  state: ScriptedCall['state'] = 'ringing';
  readonly pressed: { digit: string; atMs: number }[] = [];
  readonly saidAtMs: number[] = [];
  private readonly tape = new Int16Array(120_000 * 8);
  private readonly startedAtMs = performance.now();

  constructor(private readonly assistant: Assistant) {}

  readonly heard = ((call: TapeCall) => ({
    get elapsedMs(): number {
      return performance.now() - call.startedAtMs;
    },
    audioBetween: (fromMs: number, toMs: number): Int16Array => call.tape.slice(fromMs * 8, toMs * 8),
  }))(this);

  async waitFor(what: 'answered' | 'stream-started'): Promise<void> {
    if (what === 'answered') {
      this.state = 'answered';
      this.answer();
    }
  }

  answer(): void {
    const audio = this.assistant.answers.shift();
    if (audio !== undefined) this.answerWith(audio);
  }

  answerWith(audio: Int16Array): void {
    this.tape.set(audio, Math.floor(this.heard.elapsedMs + (this.assistant.answerMs ?? 400)) * 8);
    const { answers, hangsUpMs } = this.assistant;
    if (answers.length === 0 && hangsUpMs !== undefined) setTimeout(() => (this.state = 'ended'), hangsUpMs);
  }

  async say(samples: Int16Array): Promise<void> {
    this.saidAtMs.push(this.heard.elapsedMs);
    const yieldMs = this.assistant.yieldMs ?? 250;
    if (yieldMs < Infinity) this.tape.fill(0, Math.floor(this.heard.elapsedMs + yieldMs) * 8);
    await new Promise((resolve) => setTimeout(resolve, samples.length / 8));
    this.answer();
  }

  pressKey(digit: string): void {
    this.pressed.push({ digit, atMs: this.heard.elapsedMs });
    if (digit === '#') this.answer();
  }

  hangUp(): void {
    this.state = 'ended';
  }
}

const greeting = loadClip('assistant-greeting');
const longAnswer = loadClip('assistant-answer-long');
const shortAnswer = loadClip('assistant-answer-short');
const askForKeys = loadClip('assistant-keys');
const booked = loadClip('assistant-booked');
const goodbye = loadClip('assistant-goodbye');

describe('running a caller script', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  async function run(
    assistant: Assistant,
    script: CallerScript,
    during?: (call: TapeCall) => void,
  ): Promise<{ call: TapeCall; report: CallReport; events: CallerEvent[] }> {
    const call = new TapeCall(assistant);
    const events: CallerEvent[] = [];
    const running = runCallerScript(call, prepareScript(script), { observer: (event) => events.push(event) });
    during?.(call);
    await jest.advanceTimersByTimeAsync(110_000);
    return { call, report: await running, events };
  }

  it('holds the call of the demo: greeting, question, interruption, keys, thanks, with the latencies of each', async () => {
    const { report, events, call } = await run(
      { answers: [greeting, longAnswer, askForKeys, booked, goodbye], hangsUpMs: 2500 },
      BOOKING_CALL,
    );
    expect(report.problems).toEqual([]);
    expect(report.endedBy).toBe('gateway');
    expect(call.pressed.map(({ digit }) => digit).join('')).toBe('4711#');
    expect(report.turns.map((turn) => turn.interrupts)).toEqual([false, true, false, false]);
    expect(report.turns[2]).toMatchObject({ words: '4711#', pressed: true });
    // 400 ms of the assistant, and up to 100 ms of quiet at the start of a clip; nothing is random here.
    for (const turn of report.turns) {
      expect(turn.answerMs).toBeGreaterThanOrEqual(400);
      expect(turn.answerMs).toBeLessThan(520);
    }
    expect(report.greetingMs).toBeGreaterThanOrEqual(400);
    const interruption = report.turns[1];
    expect(interruption?.silenceAfterInterruptionMs).toBeGreaterThan(100);
    expect(interruption?.silenceAfterInterruptionMs).toBeLessThanOrEqual(260);
    expect(report.turns[0]?.silenceAfterInterruptionMs).toBeUndefined();
    expect(events.map((event) => event.kind)).toEqual([
      'answered',
      'assistant-speaks',
      'assistant-finished',
      'caller-speaks',
      'caller-finished',
      'assistant-speaks',
      'caller-speaks',
      'assistant-finished',
      'caller-finished',
      'assistant-speaks',
      'assistant-finished',
      'pressed',
      'assistant-speaks',
      'assistant-finished',
      'caller-speaks',
      'caller-finished',
      'assistant-speaks',
      'hung-up',
    ]);
  });

  it('interrupts as long after the first sound as the script says', async () => {
    const { report } = await run(
      { answers: [longAnswer, shortAnswer] },
      {
        steps: [
          { say: 'caller-interruption', interruptAfterMs: 2000 },
          { hangUp: true, after: 'assistant-finished' },
        ],
      },
    );
    const startMs = report.heard[0]?.fromMs ?? 0;
    const spokeMs = (report.turns[0]?.fromMs ?? 0) - startMs;
    expect(spokeMs).toBeGreaterThanOrEqual(2000);
    expect(spokeMs).toBeLessThan(2060);
  });

  it('does not take a pause between sentences for the end', async () => {
    const { call } = await run(
      { answers: [longAnswer] },
      { steps: [{ say: 'caller-goodbye', after: 'assistant-finished' }] },
    );
    expect(call.saidAtMs[0]).toBeGreaterThan(400 + longAnswer.length / 8);
  });

  it('presses keys a quarter of a second apart', async () => {
    const { call, report } = await run({ answers: [] }, { steps: [{ press: '42#', after: 500 }, { hangUp: true }] });
    expect(report.problems).toEqual([]);
    expect(call.pressed.map(({ digit }) => digit)).toEqual(['4', '2', '#']);
    expect((call.pressed[2]?.atMs ?? 0) - (call.pressed[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(500);
  });

  it('measures the answer to keys from the last one, and takes no sound for the answer to what was said before', async () => {
    const { report } = await run(
      { answers: [shortAnswer], answerMs: 700 },
      {
        steps: [
          { say: 'caller-goodbye', after: 'assistant-finished' },
          { press: '7', after: 300 },
          { hangUp: true, after: 1000 },
        ],
      },
      (call) => {
        const { pressKey } = call;
        call.pressKey = (digit) => {
          pressKey.call(call, digit);
          call.answerWith(goodbye);
        };
      },
    );
    const [said, pressed] = report.turns;
    expect(said?.answerMs).toBeUndefined();
    expect(pressed?.answerMs).toBeGreaterThanOrEqual(700);
    expect(pressed?.answerMs).toBeLessThan(820);
  });

  it('waits for the gateway to hang up, and says so when it does not', async () => {
    const steps: CallerScript['steps'] = [{ wait: 'hung-up', timeoutMs: 6000 }];
    const hungUp = await run({ answers: [greeting], hangsUpMs: 5000 }, { steps });
    expect(hungUp.report).toMatchObject({ endedBy: 'gateway', problems: [] });
    const waited = await run({ answers: [greeting] }, { steps });
    expect(waited.report).toMatchObject({
      endedBy: 'caller',
      problems: [expect.stringMatching(/^step 1 .*the gateway did not hang up within 6000 ms/)],
    });
    expect(waited.call.state).toBe('ended');
  });

  it('hangs up itself where the gateway need not', async () => {
    const { report, call } = await run(
      { answers: [greeting] },
      { steps: [{ wait: 'hung-up', orHangUp: true, timeoutMs: 6000 }] },
    );
    expect(report).toMatchObject({ endedBy: 'caller', problems: [] });
    expect(call.state).toBe('ended');
  });

  it('reports an assistant that says nothing, and hangs up', async () => {
    const { report, call } = await run({ answers: [] }, { steps: [{ wait: 'assistant-finished', timeoutMs: 3000 }] });
    expect(report.problems).toEqual([expect.stringMatching(/^step 1 .*not heard, or did not finish, within 3000 ms/)]);
    expect(report.greetingMs).toBeUndefined();
    expect(call.state).toBe('ended');
  });

  it('reports an answer that came later than the script allows, and one that would not be interrupted', async () => {
    const { report } = await run(
      { answers: [longAnswer, shortAnswer], answerMs: 1500, yieldMs: Infinity },
      {
        limits: { answerMs: 1000, silenceAfterInterruptionMs: 500 },
        steps: [
          { say: 'caller-interruption', interruptAfterMs: 6000 },
          { hangUp: true, after: 'assistant-finished' },
        ],
      },
    );
    expect(report.problems).toEqual([
      expect.stringMatching(/answered after \d+ ms, the limit is 1000 ms/),
      expect.stringMatching(/went on for \d+ ms into/),
    ]);
  });

  it('reports a call that the gateway ended in the middle', async () => {
    const { report } = await run({ answers: [greeting] }, BOOKING_CALL, (call) =>
      setTimeout(() => (call.state = 'ended'), 8000),
    );
    expect(report.endedBy).toBe('gateway');
    expect(report.problems).toEqual(['the call ended before the script did']);
  });

  it('reports a call that was refused, at once', async () => {
    const call = new TapeCall({ answers: [] });
    call.waitFor = () => new Promise(() => undefined);
    call.state = 'ended';
    const running = runCallerScript(call, prepareScript(BOOKING_CALL));
    await jest.advanceTimersByTimeAsync(100);
    expect((await running).problems).toEqual(['the call was not answered: the call ended']);
  });

  it('reports a call that was never answered', async () => {
    const call = new TapeCall({ answers: [] });
    call.waitFor = () => Promise.reject(new Error('no answer within 15000 ms'));
    const report = await runCallerScript(call, prepareScript(BOOKING_CALL));
    expect(report).toMatchObject({ endedBy: 'never answered', turns: [] });
    expect(report.problems).toEqual(['the call was not answered: no answer within 15000 ms']);
  });
});
