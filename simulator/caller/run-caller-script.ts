import { AssistantEar } from './assistant-ear.js';
import { type CallReport, limitProblems, turnReports, type Utterance } from './call-report.js';
import { type CallerStep, type PreparedScript, type StepMoment } from './caller-script.js';

/** What the runner needs of a simulated call (`SimulatedCall` of simulator/telnyx has all of it). */
export interface ScriptedCall {
  readonly state: 'ringing' | 'answered' | 'ended';
  waitFor(what: 'answered' | 'stream-started', timeoutMs?: number): Promise<unknown>;
  /** Resolves when the last frame was sent. */
  say(samples: Int16Array): Promise<unknown>;
  pressKey(digit: string): void;
  hangUp(): void;
  readonly heard: {
    /** What the caller heard between two times (ms since the answer), 8 kHz; a shorter answer is filled up with silence. */
    audioBetween(fromMs: number, toMs: number): Int16Array;
    /** Time since the answer; stands still once the call is over. */
    readonly elapsedMs: number;
  };
}

/** What the caller does and hears, as it happens; `atMs` is since the answer. */
export type CallerEvent =
  | { kind: 'answered'; atMs: number }
  | { kind: 'caller-speaks'; atMs: number; words: string; interrupts: boolean }
  | { kind: 'caller-finished'; atMs: number; words: string }
  | { kind: 'assistant-speaks'; atMs: number }
  | { kind: 'assistant-finished'; atMs: number }
  | { kind: 'pressed'; atMs: number; digits: string }
  | { kind: 'hung-up'; atMs: number; by: 'caller' | 'gateway' }
  | { kind: 'problem'; atMs: number; what: string };

export interface RunOptions {
  observer?: (event: CallerEvent) => void;
  /** How long the gateway may take to answer and to open the media stream. Default 15 s each. */
  answerTimeoutMs?: number;
  /** How long a step may wait for its moment when it does not say. Default 30 s. */
  stepTimeoutMs?: number;
  /** How often the caller listens. Default 20 ms; what is reported is exact to 10 ms all the same. */
  listenEveryMs?: number;
}

/** Between two keys of one step; a person presses about four a second. */
const KEY_GAP_MS = 250;
/** The newest audio may still be on its way into the recording, so the ear listens this far behind. */
const EAR_DELAY_MS = 20;

class CallEnded extends Error {}
class StepTimeout extends Error {}

/** Carries a script out on a call. Never rejects for what the gateway does: that is in the report. */
export async function runCallerScript(
  call: ScriptedCall,
  script: PreparedScript,
  options: RunOptions = {},
): Promise<CallReport> {
  return new ScriptRun(call, script, options).run();
}

class ScriptRun {
  private readonly ear = new AssistantEar();
  private readonly utterances: Utterance[] = [];
  private readonly problems: string[] = [];
  private readonly waiting = new Set<() => void>();
  private hungUp = false;
  private assistantAudible = false;
  private listenedUntilMs = 0;
  /** The assistant counts as heard only from here on: when the caller last said or pressed something. */
  private sinceMs = 0;

  constructor(
    private readonly call: ScriptedCall,
    private readonly script: PreparedScript,
    private readonly options: RunOptions,
  ) {}

  async run(): Promise<CallReport> {
    const answerTimeoutMs = this.options.answerTimeoutMs ?? 15_000;
    try {
      await this.orEnded(this.call.waitFor('answered', answerTimeoutMs));
    } catch (error) {
      this.problem(`the call was not answered: ${messageOf(error)}`);
      return this.report('never answered');
    }
    this.tell({ kind: 'answered', atMs: this.nowMs() });
    const listening = setInterval(() => this.listen(), this.options.listenEveryMs ?? 20);
    try {
      await this.orEnded(this.call.waitFor('stream-started', answerTimeoutMs));
      for (const [index, step] of this.script.steps.entries()) await this.attempt(index, step);
    } catch (error) {
      if (error instanceof CallEnded) this.problem('the call ended before the script did');
      else this.problem(messageOf(error));
    } finally {
      this.listen();
      clearInterval(listening);
    }
    const endedBy = this.hungUp || this.call.state !== 'ended' ? 'caller' : 'gateway';
    const atMs = this.nowMs();
    if (!this.hungUp && this.call.state !== 'ended') this.call.hangUp();
    this.tell({ kind: 'hung-up', atMs, by: endedBy });
    return this.report(endedBy);
  }

  /** The same, but rejects as soon as the call is over. */
  private async orEnded(waiting: Promise<unknown>): Promise<void> {
    let watch: NodeJS.Timeout | undefined;
    const ended = new Promise<never>((_, reject) => {
      watch = setInterval(() => {
        if (this.call.state === 'ended') reject(new CallEnded('the call ended'));
      }, 20);
    });
    try {
      await Promise.race([waiting, ended]);
    } finally {
      clearInterval(watch);
    }
  }

  private async attempt(index: number, step: CallerStep): Promise<void> {
    try {
      await this.perform(step);
    } catch (error) {
      if (!(error instanceof StepTimeout)) throw error;
      throw new Error(`step ${index + 1} (${JSON.stringify(step)}): ${error.message}`, { cause: error });
    }
  }

  private async perform(step: CallerStep): Promise<void> {
    const timeoutMs = step.timeoutMs ?? this.options.stepTimeoutMs ?? 30_000;
    if ('wait' in step) {
      if (step.wait === 'hung-up') return this.hangUpOfTheGateway(timeoutMs, step.orHangUp === true);
      return this.moment(step.wait, timeoutMs);
    }
    if ('say' in step && step.interruptAfterMs !== undefined) {
      await this.assistantHasSpokenFor(step.interruptAfterMs, timeoutMs);
      return this.say(step.say, true);
    }
    if (step.after !== undefined) await this.moment(step.after, timeoutMs);
    if ('say' in step) return this.say(step.say, false);
    if ('press' in step) return this.press(step.press);
    this.hungUp = true;
    this.call.hangUp();
  }

  private async moment(moment: StepMoment, timeoutMs: number): Promise<void> {
    if (typeof moment === 'number') {
      const untilMs = this.nowMs() + moment;
      return this.until(() => this.nowMs() >= untilMs, moment + 10_000, 'the wait did not end');
    }
    if (moment === 'answered') return;
    if (moment === 'assistant-started')
      return this.until(
        () => this.ear.lastSoundAfter(this.sinceMs) !== undefined,
        timeoutMs,
        `the assistant was not heard within ${timeoutMs} ms`,
      );
    return this.until(
      () => {
        const lastMs = this.ear.lastSoundAfter(this.sinceMs);
        return lastMs !== undefined && this.ear.nowMs - lastMs >= this.script.assistantPauseMs;
      },
      timeoutMs,
      `the assistant was not heard, or did not finish, within ${timeoutMs} ms`,
    );
  }

  private async hangUpOfTheGateway(timeoutMs: number, orHangUp: boolean): Promise<void> {
    try {
      const failure = `the gateway did not hang up within ${timeoutMs} ms`;
      await this.until(() => this.call.state === 'ended', timeoutMs, failure);
    } catch (error) {
      // The end of the script is the caller's hang-up.
      if (!orHangUp || !(error instanceof StepTimeout)) throw error;
    }
  }

  private async assistantHasSpokenFor(ms: number, timeoutMs: number): Promise<void> {
    await this.until(
      () => {
        const startMs = this.ear.startedAfter(this.sinceMs);
        return startMs !== undefined && this.ear.nowMs - startMs >= ms;
      },
      timeoutMs,
      `the assistant was not heard for ${ms} ms within ${timeoutMs} ms, so it could not be interrupted`,
    );
    const lastMs = this.ear.lastSoundAfter(this.sinceMs) ?? 0;
    if (this.ear.nowMs - lastMs >= this.script.assistantPauseMs)
      this.problem(`the assistant had finished before it could be interrupted (after ${ms} ms)`);
  }

  private async say(name: string, interrupts: boolean): Promise<void> {
    const audio = this.script.audio.get(name);
    if (audio === undefined) throw new Error(`${name} was not loaded`);
    const { words, samples } = audio;
    const utterance: Utterance = { words, interrupts, fromMs: this.nowMs(), toMs: this.nowMs() };
    this.tell({ kind: 'caller-speaks', atMs: utterance.fromMs, words, interrupts });
    this.utterances.push(utterance);
    let sent = false;
    let failure: unknown;
    this.call.say(samples).then(
      () => (sent = true),
      (error: unknown) => {
        sent = true;
        failure = error;
      },
    );
    const lengthMs = samples.length / 8;
    await this.until(() => sent, 2 * lengthMs + 10_000, `"${words}" could not be sent`);
    if (failure !== undefined) throw new Error(`"${words}" could not be sent: ${messageOf(failure)}`);
    utterance.toMs = this.nowMs();
    this.sinceMs = utterance.toMs;
    this.tell({ kind: 'caller-finished', atMs: utterance.toMs, words });
  }

  private async press(digits: string): Promise<void> {
    const fromMs = this.nowMs();
    const entry: Utterance = { words: digits, pressed: true, interrupts: false, fromMs, toMs: fromMs };
    this.utterances.push(entry);
    for (const [index, digit] of [...digits].entries()) {
      if (index > 0) await this.moment(KEY_GAP_MS, 0);
      this.call.pressKey(digit);
      entry.toMs = this.nowMs();
    }
    this.sinceMs = entry.toMs;
    this.tell({ kind: 'pressed', atMs: this.sinceMs, digits });
  }

  /** Waits for a condition that is looked at whenever the ear has listened. Rejects when the call ends or the time is up. */
  private until(condition: () => boolean, timeoutMs: number, failure: string): Promise<void> {
    const deadlineMs = this.nowMs() + timeoutMs;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const over = condition();
        if (!over && this.call.state !== 'ended' && this.nowMs() < deadlineMs) return;
        this.waiting.delete(look);
        if (over) resolve();
        else reject(this.call.state === 'ended' ? new CallEnded() : new StepTimeout(failure));
      };
      this.waiting.add(look);
      look();
    });
  }

  private listen(): void {
    const untilMs = Math.floor(this.nowMs()) - EAR_DELAY_MS;
    const fromMs = this.listenedUntilMs;
    if (untilMs > fromMs) {
      this.listenedUntilMs = untilMs;
      const audio = new Int16Array((untilMs - fromMs) * 8);
      audio.set(this.call.heard.audioBetween(fromMs, untilMs).subarray(0, audio.length));
      this.ear.hear(audio);
    }
    this.tellWhatIsHeard();
    for (const look of [...this.waiting]) look();
  }

  private tellWhatIsHeard(): void {
    const lastMs = this.ear.lastSoundAfter(0);
    const audible = lastMs !== undefined && this.ear.nowMs - lastMs < this.script.assistantPauseMs;
    if (audible === this.assistantAudible) return;
    this.assistantAudible = audible;
    if (audible) this.tell({ kind: 'assistant-speaks', atMs: this.ear.spans.at(-1)?.fromMs ?? 0 });
    else this.tell({ kind: 'assistant-finished', atMs: lastMs ?? 0 });
  }

  private report(endedBy: CallReport['endedBy']): CallReport {
    const heard = this.ear.spans;
    const turns = turnReports(heard, this.utterances);
    const greeting = heard[0];
    const beforeFirstTurn = greeting !== undefined && greeting.fromMs < (turns[0]?.fromMs ?? Infinity);
    return {
      script: this.script.name ?? 'unnamed',
      ...(beforeFirstTurn && { greetingMs: greeting.fromMs }),
      turns,
      endedBy,
      durationMs: endedBy === 'never answered' ? 0 : this.nowMs(),
      heard,
      problems: [...this.problems, ...limitProblems(turns, this.script.limits)],
    };
  }

  private problem(what: string): void {
    this.problems.push(what);
    this.tell({ kind: 'problem', atMs: this.nowMs(), what });
  }

  private tell(event: CallerEvent): void {
    this.options.observer?.(event);
  }

  private nowMs(): number {
    const { elapsedMs } = this.call.heard;
    return Number.isNaN(elapsedMs) ? 0 : elapsedMs;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
