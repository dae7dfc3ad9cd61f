import { babble } from '../../audio/signals.js';
import { type DoubleSession, type RealtimeDouble } from '../../realtime/index.js';
import { type CallRequest, type SimulatedCall, type TelnyxDouble } from '../../telnyx/index.js';
import { chainOf, type Hole, holeIn, type ToldSession } from './conversation.js';
import { answersIn, type Sentence, silentVoice, type Voice, type Voices } from './voices.js';

/** A caller gives up on an answer after this. */
const ANSWER_LIMIT_MS = 15_000;
const TURN_MS = 700;
const LOUD_DBFS = -12;
const LOOK_EVERY_MS = 25;
/** Pauses between words are shorter. */
const QUIET_MS = 300;
/** Less than a word: whoever heard no more than this of an answer need not be remembered as having heard it. */
const HEARD_MS = 600;
/** A voice is known a moment after its first sound. */
const INTO_IT_MS = 100;

export interface Around {
  readonly telnyx: TelnyxDouble;
  readonly realtime: RealtimeDouble;
  readonly voices: Voices;
  readonly stopped: AbortSignal;
}

/** A turn of the caller; times are ms since the answer. */
export interface Turn {
  /** The end of their words. */
  readonly askedAtMs: number;
  answeredAtMs: number | undefined;
}

/** Somebody who calls, asks, hears answers, and keeps books of it. */
export class ClusterCaller {
  readonly turns: Turn[] = [];
  greeted = false;
  private readonly around: Around;
  /** Set when it is the caller who ends the call. */
  private done = false;

  private constructor(
    around: Around,
    readonly call: SimulatedCall,
  ) {
    this.around = around;
  }

  /** Somebody calls. Resolves when the greeting was heard to its end, or was given up on. */
  static async calls(around: Around, request: CallRequest = {}): Promise<ClusterCaller> {
    const caller = new ClusterCaller(around, around.telnyx.placeCall(request));
    caller.greeted = await caller.hearsSince(0);
    return caller;
  }

  /** The caller says something, and hears the answer to its end or gives up on it. */
  async asks(): Promise<void> {
    await this.says();
    const turn = this.turns.at(-1);
    if (turn && (await this.hearsSince(turn.askedAtMs))) turn.answeredAtMs = this.firstSoundAfter(turn.askedAtMs);
  }

  /** As `asks`, but only until the answer has begun. */
  async startsAnswer(): Promise<void> {
    await this.says();
    const turn = this.turns.at(-1);
    if (turn && (await this.soundsSince(turn.askedAtMs))) turn.answeredAtMs = this.firstSoundAfter(turn.askedAtMs);
  }

  /** Resolves when something was heard after a moment (ms since the answer) and then nothing for a while; false: in vain. */
  async hearsSince(atMs: number): Promise<boolean> {
    if (!(await this.soundsSince(atMs))) return false;
    const { heard } = this.call;
    return this.until(() => heard.elapsedMs - (heard.idleAtMs ?? 0) > QUIET_MS);
  }

  /** Resolves when the caller hears something after a silence that followed a moment of `performance.now()`. */
  async hearsAgain(atMs: number): Promise<void> {
    const { heard } = this.call;
    await this.until(() => heard.gapAfter(heard.sinceAnswer(atMs)) !== undefined);
    await this.until(() => heard.elapsedMs - (heard.idleAtMs ?? 0) > QUIET_MS);
  }

  hangsUp(): void {
    this.done = true;
    this.call.hangUp();
  }

  /** The call was answered, is there until the caller ends it, and the assistant still answers. */
  get kept(): boolean {
    const { call, greeted, turns } = this;
    const present = this.done ? call.hangup?.source === 'caller' : call.state === 'answered';
    return greeted && present && (turns.length === 0 || turns.at(-1)?.answeredAtMs !== undefined);
  }

  /** Turns that the caller gave up on. */
  get unanswered(): number {
    return this.turns.filter(({ answeredAtMs }) => answeredAtMs === undefined).length;
  }

  /** From the end of the caller's words to the first sound of the answer, with the former moment. */
  get answerWaits(): { atMs: number; waitMs: number }[] {
    return this.turns.flatMap(({ askedAtMs, answeredAtMs }) =>
      answeredAtMs === undefined ? [] : [{ atMs: askedAtMs, waitMs: answeredAtMs - askedAtMs }],
    );
  }

  /** How often another session took the conversation over, and what was lost of it. */
  conversation(): { moves: number; hole: Hole } {
    const { realtime } = this.around;
    const sessions = realtime.sessions.map((session) => this.toldSession(session));
    const chain = chainOf(
      sessions,
      sessions.find(({ voice }) => voice === this.greeter()),
    );
    const said = chain.flatMap((session) => session.said);
    const answeredBy = this.turns.flatMap(({ answeredAtMs }) => {
      const atMs = (this.call.answeredAtMs ?? NaN) + (answeredAtMs ?? NaN);
      return said.filter(({ begunAtMs }) => begunAtMs <= atMs).sort((a, b) => b.begunAtMs - a.begunAtMs)[0]?.id ?? [];
    });
    const hole = holeIn(chain, (sentence) => this.heardMsOf(sentence, said) >= HEARD_MS, answeredBy);
    // The last answer must be of the session that has the conversation: whoever else speaks knows nothing of it.
    const last = this.turns.findLast(({ answeredAtMs }) => answeredAtMs !== undefined)?.answeredAtMs;
    const speaker = last === undefined ? undefined : this.around.voices.heardBy(this.call, last + INTO_IT_MS);
    const stranger = speaker !== undefined && !chain.some(({ voice }) => voice === speaker);
    if (stranger) hole.answers += said.length;
    return { moves: Math.max(0, chain.length - 1) + (stranger ? 1 : 0), hole };
  }

  private greeter(): Voice | undefined {
    const firstMs = this.call.heard.firstAudioAtMs;
    return firstMs === undefined ? undefined : this.around.voices.heardBy(this.call, firstMs + INTO_IT_MS);
  }

  private toldSession(session: DoubleSession): ToldSession & { voice: Voice } {
    const voice = this.around.voices.of(session.id) ?? silentVoice(session.id);
    const items = session.clientEvents
      .filter(({ type }) => type === 'conversation.item.create')
      .map(({ item }) => JSON.stringify(item));
    return {
      voice,
      said: voice.sentences,
      toldAnswers: [...new Set(items.flatMap(answersIn))],
      toldTurns: items.filter((item) => item.includes('"role":"user"')).length,
    };
  }

  /** How much the caller heard between the beginning of an answer and that of the next one. */
  private heardMsOf({ begunAtMs }: Sentence, said: readonly Sentence[]): number {
    const { heard, answeredAtMs = NaN } = this.call;
    const later = said.map((other) => other.begunAtMs).filter((atMs) => atMs > begunAtMs);
    const [fromMs, toMs] = [begunAtMs - answeredAtMs, Math.min(...later) - answeredAtMs];
    return heard.segments.reduce(
      (sum, { startedAtMs, endedAtMs }) => sum + Math.max(0, Math.min(endedAtMs, toMs) - Math.max(startedAtMs, fromMs)),
      0,
    );
  }

  private async says(): Promise<void> {
    await this.call.say(babble(TURN_MS, LOUD_DBFS));
    this.turns.push({ askedAtMs: this.call.heard.elapsedMs, answeredAtMs: undefined });
  }

  private firstSoundAfter(atMs: number): number | undefined {
    return this.call.heard.segments.find(({ startedAtMs }) => startedAtMs > atMs)?.startedAtMs;
  }

  private soundsSince(atMs: number): Promise<boolean> {
    return this.until(() => (this.call.heard.idleAtMs ?? -Infinity) > atMs && this.firstSoundAfter(atMs) !== undefined);
  }

  /** Looks until there is something to see; false when it did not come, the call is over or all is stopped. */
  private async until(seen: () => boolean): Promise<boolean> {
    const untilMs = performance.now() + ANSWER_LIMIT_MS;
    while (!seen()) {
      if (performance.now() > untilMs || this.call.state === 'ended' || this.around.stopped.aborted) return false;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    return true;
  }
}
