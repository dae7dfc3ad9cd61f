import { type Clock } from '../../common/clock.js';
import { type Config } from '../../config/config.js';
import { type ConversationEnd } from '../call.port.js';
import { CallDuration } from './call-duration.js';
import { CallerIdle } from './caller-idle.js';
import { Monologue } from './monologue.js';
import { SilenceWatch } from './silence-watch.js';

export interface CallLimitsActions {
  /** The call can only last so much longer. */
  timeIsShort(remainingMs: number): void;
  /** The caller says nothing when it is their turn. */
  callerIsSilent(): void;
  /** The assistant has been speaking for too long, for the first time. */
  assistantIsLong(): void;
  /** A limit is reached: the call has to end. */
  over(reason: ConversationEnd): void;
}

/** What the limits look at, whenever anything has changed. */
export interface CallSituation {
  /** Nobody speaks and nobody is about to: it is the caller's turn. */
  callersTurn: boolean;
  callerSpeaking: boolean;
  /** The assistant is being heard. */
  assistantHeard: boolean;
  /** The assistant has more to say, or is being heard. */
  assistantSpeaking: boolean;
}

/** Undefined ones are not watched. */
type Limits = Pick<
  Config['limits'],
  'maxCallDurationMs' | 'maxCallDurationNoticeMs' | 'idlePromptMs' | 'idleHangUpMs' | 'maxSilenceMs' | 'maxMonologueMs'
>;

interface Watches {
  duration: CallDuration;
  idle: CallerIdle;
  silence: SilenceWatch;
  monologue: Monologue;
}

/** How long a call, a silence and a speech may last. */
export class CallLimits {
  private begunMs: number | undefined;
  private watches: Watches | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly limits: Limits,
    private readonly actions: CallLimitsActions,
  ) {}

  /**
   * The call has begun, or is back in our hands: what went before counts only for how long it may last.
   * @param begunInMs when it began, as seen from now: 0 or less.
   */
  start(begunInMs = 0): void {
    const nowMs = this.clock.nowMs();
    this.begunMs ??= nowMs + Math.min(0, begunInMs);
    this.stop();
    this.watches = this.watch(Math.max(this.begunMs + this.limits.maxCallDurationMs - nowMs, 1));
    this.watches.duration.start();
    this.watches.silence.sound();
  }

  look({ callersTurn, callerSpeaking, assistantHeard, assistantSpeaking }: CallSituation): void {
    if (!this.watches) return;
    const { idle, silence, monologue } = this.watches;
    if (callersTurn) idle.callersTurn();
    else idle.busy();
    if (assistantHeard) silence.begin('assistant');
    else silence.end('assistant');
    if (callerSpeaking) silence.begin('caller');
    else silence.end('caller');
    if (assistantHeard) monologue.assistantSpeaks();
    else if (!assistantSpeaking) monologue.assistantPauses();
  }

  /** The caller speaks or presses a key. */
  callerActive(): void {
    this.watches?.idle.activity();
    this.watches?.monologue.callerSpoke();
    this.watches?.silence.sound();
  }

  /** The call is over, or in other hands. */
  stop(): void {
    const { watches } = this;
    this.watches = undefined;
    watches?.duration.stop();
    watches?.idle.stop();
    watches?.silence.stop();
    watches?.monologue.stop();
  }

  private watch(maxMs: number): Watches {
    const { clock, actions } = this;
    const { maxCallDurationNoticeMs: noticeMs, idlePromptMs: promptMs, idleHangUpMs: hangUpMs } = this.limits;
    return {
      duration: new CallDuration(
        clock,
        { maxMs, noticeMs },
        { notice: (remainingMs) => actions.timeIsShort(remainingMs), over: () => actions.over('max-duration') },
      ),
      idle: new CallerIdle(
        clock,
        { promptMs, hangUpMs },
        { prompt: () => actions.callerIsSilent(), hangUp: () => actions.over('caller-idle') },
      ),
      silence: new SilenceWatch(clock, this.limits.maxSilenceMs, () => actions.over('silence')),
      monologue: new Monologue(clock, this.limits.maxMonologueMs, {
        tooLong: (strike) => (strike === 1 ? actions.assistantIsLong() : actions.over('assistant-monologue')),
      }),
    };
  }
}
