import { type Logger } from 'pino';
import { type Clock, type Timer } from '../common/clock.js';
import { type CallCommands, type StreamRequest } from './call-commands.js';
import {
  type CallEffect,
  type CallEvent,
  type CallLimits,
  type CallState,
  INITIAL_CALL_STATE,
  nextCallState,
  type Wait,
} from './call-state.js';

/** What a call needs from around it. */
export interface CallSurroundings {
  clock: Clock;
  commands: CallCommands;
  log: Logger;
  limits: CallLimits;
  waitsMs: Record<Wait, number>;
  /** The sentence said before a hang-up that the caller would not understand. */
  sentence: string;
  streamRequest(attempt: number): StreamRequest;
  /** The call is over. */
  released(call: Call): void;
}

/**
 * A hang-up that Telnyx did not take is tried again, so that nobody is left in (billed) silence: every two seconds at
 * first, then ever more slowly, for about ten minutes.
 */
const HANG_UP_TRIES = 20;
const HANG_UP_RETRY_MS = { first: 2_000, longest: 60_000 };

/** One call: carries out what its state machine says. */
export class Call {
  private current: CallState = INITIAL_CALL_STATE;
  private timer: Timer | undefined;

  constructor(
    readonly callControlId: string,
    private readonly around: CallSurroundings,
  ) {}

  get state(): Readonly<CallState> {
    return this.current;
  }

  /** Answered (or being answered) and not on its way out: it counts towards what the pod carries. */
  get active(): boolean {
    return this.current.phase !== 'ending' && this.current.phase !== 'ended';
  }

  /** Something happened to the call. Never throws. */
  handle(event: CallEvent): void {
    const before = this.current;
    const [state, effects] = nextCallState(before, event, this.around.limits);
    this.current = state;
    if (state.phase !== before.phase) {
      this.around.log.debug({ from: before.phase, to: state.phase, event: event.type }, 'call state');
    }
    for (const effect of effects) this.carryOut(effect);
  }

  private carryOut(effect: CallEffect): void {
    switch (effect.do) {
      case 'wait':
        this.wait(effect.for);
        return;
      case 'stop-waiting':
        this.timer?.cancel();
        return;
      case 'start-stream':
        void this.startStream(effect.attempt);
        return;
      case 'say-sentence':
        void this.saySentence();
        return;
      case 'hang-up':
        void this.hangUp(1);
        return;
      case 'release':
        this.around.released(this);
        return;
    }
  }

  private wait(wait: Wait, extraMs = 0): void {
    const waitMs = this.around.waitsMs[wait] + extraMs;
    this.timer?.cancel();
    this.timer = this.around.clock.after(waitMs, () => {
      this.around.log.warn({ wait, waitedMs: waitMs, phase: this.current.phase }, WAIT_MESSAGE[wait]);
      this.handle({ type: 'waited', for: wait });
    });
  }

  private async startStream(attempt: number): Promise<void> {
    const { commands } = this.around;
    this.around.log.info({ attempt }, 'asking Telnyx for a new media stream');
    const outcome = await commands.startStream(this.callControlId, this.around.streamRequest(attempt), attempt);
    // A refusal of the latest attempt ends its wait early, unless a socket has arrived in the meantime.
    if (!outcome.ok && this.current.attempt === attempt && this.current.phase !== 'streaming') {
      this.handle({ type: 'stream-refused', gone: outcome.gone });
    }
  }

  private async saySentence(): Promise<void> {
    const outcome = await this.around.commands.speak(this.callControlId, this.around.sentence);
    if (!outcome.ok) this.handle({ type: 'sentence-over' });
  }

  private async hangUp(tries: number): Promise<void> {
    if (this.current.phase !== 'ending') return;
    const outcome = await this.around.commands.hangUp(this.callControlId);
    if (this.current.phase !== 'ending') return;
    if (outcome.ok) return;
    if (outcome.gone) {
      this.handle({ type: 'hangup', byCaller: true });
      return;
    }
    if (tries === HANG_UP_TRIES) {
      this.around.log.error({ tries }, 'gave up hanging up: Telnyx does not take the command, and the call may go on');
      return;
    }
    const retryMs = Math.min(HANG_UP_RETRY_MS.first * 1.3 ** (tries - 1), HANG_UP_RETRY_MS.longest);
    // What is waited for is the end of the call after a hang-up that was taken: not yet.
    this.wait('hangup', retryMs);
    this.around.clock.after(retryMs, () => void this.hangUp(tries + 1));
  }
}

const WAIT_MESSAGE: Record<Wait, string> = {
  'first-stream':
    'answered, but no media stream has started: is wss reachable through PUBLIC_URL, and does the ingress upgrade /media-stream?',
  redial: 'the media stream was lost and Telnyx has not dialled again',
  'restarted-stream': 'the media stream asked for has not started',
  sentence: 'the end of the spoken sentence was never reported',
  hangup: 'the end of the call was never reported',
};
