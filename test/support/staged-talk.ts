import { babble } from '../../simulator/audio/signals.js';
import {
  type DoubleSession,
  type RealtimeDouble,
  type ReplyContext,
  type ScriptedReply,
} from '../../simulator/realtime/index.js';
import { type SimulatedCall } from '../../simulator/telnyx/index.js';

/** What the model does in one response, or how it finds that out from what it was told last. */
export type Plan = ScriptedReply | ((context: ReplyContext) => ScriptedReply);

/** A person speaks about fifteen characters a second. */
const MS_PER_CHARACTER = 65;
/** The longest that any fault may keep the caller from an answer. */
const ANSWER_LIMIT_MS = 45_000;

export const speakingMs = (words: string): number => words.length * MS_PER_CHARACTER;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The caller and the model of one call, as a test directs them. */
export class StagedTalk {
  /** Responses that nobody had planned, by what they followed. */
  readonly unplanned: string[] = [];
  /** How long the caller heard nothing after their own words, or after whatever else was done. */
  readonly silencesMs: number[] = [];
  private plans: Plan[] = [];

  constructor(
    private readonly realtime: RealtimeDouble,
    readonly call: SimulatedCall,
  ) {
    this.hears('');
  }

  /** What the model does next, a response each. */
  plan(...plans: Plan[]): void {
    this.plans.push(...plans);
  }

  /** Responses that were planned and have not been asked for. */
  get outstanding(): number {
    return this.plans.length;
  }

  /** The session that hears the caller. */
  get session(): DoubleSession {
    const session = this.realtime.sessions.findLast(({ open, appendCount }) => open && appendCount > 0);
    if (!session) throw new Error('no session hears the caller');
    return session;
  }

  /** The caller speaks. @returns when the last of it was sent. */
  says(words: string): Promise<void> {
    this.hears(words);
    return this.call.say(babble(speakingMs(words), -12));
  }

  /**
   * Something is done, and the assistant is heard after it, to the end.
   * @param stretches of sound, with a pause between them.
   */
  async hearing(action: () => unknown, stretches = 1): Promise<void> {
    const { heard } = this.call;
    let doneMs = 0;
    await this.hearingSometime(async () => {
      await action();
      doneMs = heard.elapsedMs;
    }, stretches);
    const sounds = [...heard.segments, ...heard.spoken].filter(({ endedAtMs }) => (endedAtMs ?? Infinity) > doneMs);
    this.silencesMs.push(Math.max(0, Math.min(...sounds.map(({ startedAtMs }) => startedAtMs)) - doneMs));
  }

  /** As `hearing`, where the caller does not wait for it. */
  async hearingSometime(action: () => unknown, stretches = 1): Promise<void> {
    const before = this.heardStretches;
    await action();
    await this.call.waitFor('heard-audio', ANSWER_LIMIT_MS, before + stretches);
    await this.call.waitForQuiet(1_000, 60_000);
  }

  /** The caller says something and listens to the answer. */
  async asks(words: string, ...plans: Plan[]): Promise<void> {
    this.plan(...plans);
    await this.hearing(() => this.says(words));
  }

  /** The caller says something, and the assistant has been answering for `ms`. */
  async asksAndHears(ms: number, words: string, plan: Plan): Promise<void> {
    this.plan(plan);
    const before = this.heardStretches;
    await this.says(words);
    await this.call.waitFor('heard-audio', ANSWER_LIMIT_MS, before + 1);
    await pause(ms);
  }

  private get heardStretches(): number {
    return this.call.log.count('heard-audio');
  }

  private hears(words: string): void {
    this.realtime.script = { hears: [words], choose: (context) => this.next(context) };
  }

  private next(context: ReplyContext): ScriptedReply {
    const plan = this.plans.shift();
    if (plan === undefined) {
      this.unplanned.push(context.lastInput);
      return { text: 'Nobody planned this.' };
    }
    return typeof plan === 'function' ? plan(context) : plan;
  }
}
