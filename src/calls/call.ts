import { type Logger } from 'pino';
import { type Clock, type Timer } from '../common/clock.js';
import { type TransferFailure } from '../conversation/call.port.js';
import { type CallCommands, type CommandOutcome, type StreamRequest } from './call-commands.js';
import {
  type CallEffect,
  type CallEvent,
  type CallPhase,
  type CallRules,
  type CallState,
  INITIAL_CALL_STATE,
  type Wait,
} from './call-events.js';
import { nextCallState } from './call-state.js';
import { effectsOfTakingUp } from './call-steps.js';

/** What a call needs from around it. */
export interface CallSurroundings {
  clock: Clock;
  commands: CallCommands;
  log: Logger;
  rules: CallRules;
  waitsMs: Record<Wait, number>;
  streamRequest(attempt: number): StreamRequest;
  /** A second leg is about to be dialled. @returns its client state. */
  expectSecondLeg(transfer: number): string;
  /** The call has a reason to end: the assistant says nothing more, whatever the caller still hears. */
  ending(call: Call): void;
  /** The stream is there again after a transfer that came to nothing. */
  cameBack(call: Call, why: TransferFailure): void;
  /** The caller talks to somebody else. */
  handedOver(call: Call): void;
  /** The call is over. */
  released(call: Call): void;
  /** Something about the call is different now. */
  changed(call: Call): void;
}

/**
 * A hang-up that Telnyx did not take is tried again, so that nobody is left in (billed) silence: every two seconds at
 * first, then ever more slowly, for about ten minutes.
 */
const HANG_UP_TRIES = 20;
const HANG_UP_RETRY_MS = { first: 2_000, longest: 60_000 };

const INACTIVE: ReadonlySet<CallPhase> = new Set<CallPhase>(['transferred', 'ending', 'ended']);

/** `moving`: on its way to another pod. `gone`: it is there. */
type Whose = 'ours' | 'moving' | 'gone';

/** One call: carries out what its state machine says. */
export class Call {
  private current: CallState;
  private timer: Timer | undefined;
  private failing = false;
  private whose: Whose = 'ours';
  /** Whether its stream is here, while it is on its way to another pod. */
  private streamHere = false;

  /** @param state as another pod left it; undefined: it begins here. */
  constructor(
    readonly callControlId: string,
    private readonly around: CallSurroundings,
    state?: CallState,
  ) {
    this.current = state ?? INITIAL_CALL_STATE;
  }

  get state(): Readonly<CallState> {
    return this.current;
  }

  /** Answered (or being answered) and not on its way out: it counts towards what the pod carries. */
  get active(): boolean {
    return !INACTIVE.has(this.current.phase);
  }

  /** The assistant has the call, or will have it: streams and conversations may join it. */
  get ours(): boolean {
    return this.active && this.current.phase !== 'saying' && this.current.phase !== 'transferring';
  }

  /** The call was begun by another pod: what it waited for is waited for here. */
  takeUp(): void {
    for (const effect of effectsOfTakingUp(this.current)) this.carryOut(effect);
  }

  /** The call is about to go on elsewhere: what its stream does ends nothing now. Its hang-up is still the end of it. */
  beginMove(): void {
    if (this.whose !== 'ours') return;
    this.whose = 'moving';
    this.streamHere = this.current.phase === 'streaming';
    this.timer?.cancel();
  }

  /** It did not come about. Where no stream came back, another is asked for: nobody dials again what was stopped. */
  cancelMove(): void {
    if (this.whose !== 'moving') return;
    this.whose = 'ours';
    if (this.streamHere) return this.handle({ type: 'stream-started' });
    this.handle({ type: 'stream-lost' });
    this.handle({ type: 'waited', for: 'redial' });
  }

  /** Streams up to this number were asked for, by whichever pod. */
  counted(attempt: number): void {
    if (attempt > this.current.attempt) this.current = { ...this.current, attempt };
  }

  /** The call goes on elsewhere: nothing is done for it here any more. */
  dismiss(): void {
    this.whose = 'gone';
    this.timer?.cancel();
  }

  get moving(): boolean {
    return this.whose === 'moving';
  }

  /** Something happened to the call. Never throws: a mistake of ours ends this call, and nothing else. */
  handle(event: CallEvent): void {
    if (this.whose === 'gone') return;
    if (this.whose === 'moving' && event.type !== 'hangup') {
      if (event.type === 'stream-started') this.streamHere = true;
      if (event.type === 'stream-lost') this.streamHere = false;
      return;
    }
    try {
      this.step(event);
    } catch (error) {
      this.fail(error);
    }
  }

  /** A mistake of ours in what belongs to this call: the caller is told, and the call ends. */
  fail(error: unknown): void {
    this.around.log.error({ err: error, phase: this.current.phase }, 'a mistake of ours in this call: ending it');
    if (this.failing) return;
    this.failing = true;
    this.handle({ type: 'end', reason: 'internal-error', sentence: this.around.rules.failure.sentence });
    this.failing = false;
  }

  private step(event: CallEvent): void {
    const before = this.current;
    const [state, effects] = nextCallState(before, event, this.around.rules);
    this.current = state;
    if (state.phase !== before.phase) {
      this.around.log.debug({ from: before.phase, to: state.phase, event: event.type }, 'call state');
    }
    if (before.endReason === undefined && state.endReason !== undefined) this.around.ending(this);
    for (const effect of effects) this.carryOut(effect);
    if (state !== before) this.around.changed(this);
  }

  private carryOut(effect: CallEffect): void {
    switch (effect.do) {
      case 'wait':
        return this.wait(effect.for);
      case 'stop-waiting':
        return this.timer?.cancel();
      case 'start-stream':
        return this.run(this.startStream(effect.attempt));
      case 'stop-stream':
        return this.run(this.stopStream('answered late'));
      case 'transfer':
        return this.runTransfer(effect.to, effect.transfer);
      case 'come-back':
        return this.around.cameBack(this, effect.why);
      case 'hand-over':
        this.around.log.info({ transfer: this.current.transfers }, 'call handed over');
        return this.around.handedOver(this);
      case 'say-sentence':
        return this.run(this.saySentence(effect.sentence));
      case 'hang-up':
        return this.run(this.hangUp(1));
      case 'release':
        return this.around.released(this);
    }
  }

  private run(task: Promise<unknown>): void {
    task.catch((error: unknown) => this.fail(error));
  }

  /** A mistake in here brings the caller back at once: the call itself is out of our hands, and cannot be ended. */
  private runTransfer(to: string, transfer: number): void {
    this.transfer(to, transfer).catch((error: unknown) => {
      this.around.log.error({ err: error, transfer }, 'a mistake of ours in this transfer');
      this.handle({ type: 'transfer-refused', transfer, gone: false, certain: false });
    });
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

  private stopStream(cause: string): Promise<CommandOutcome> {
    return this.around.commands.stopStream(this.callControlId, cause);
  }

  /** The stream is stopped first: whether it would go on beside a second leg, and with whose voice, is unconfirmed. */
  private async transfer(to: string, transfer: number): Promise<void> {
    const { commands, log } = this.around;
    log.info({ transfer }, 'transferring the call');
    const clientState = this.around.expectSecondLeg(transfer);
    if (this.current.streamed) await this.stopStream(`for transfer ${transfer}`);
    if (this.current.phase !== 'transferring') return;
    const outcome = await commands.transfer(this.callControlId, { to, clientState, transfer });
    if (outcome.ok) return this.handle({ type: 'transfer-accepted', transfer });
    log.warn({ transfer, code: outcome.code, status: outcome.status }, 'Telnyx did not take the transfer');
    const certain = outcome.status !== undefined && outcome.status < 500;
    this.handle({ type: 'transfer-refused', transfer, gone: outcome.gone, certain });
  }

  private async saySentence(sentence: string): Promise<void> {
    const outcome = await this.around.commands.speak(this.callControlId, sentence);
    // Without a reply it may be spoken all the same: then its end is told, or waited for no longer than it can take.
    if (!outcome.ok && outcome.status !== undefined) this.handle({ type: 'sentence-over' });
  }

  private async hangUp(tries: number): Promise<void> {
    if (this.current.phase !== 'ending' || this.whose === 'gone') return;
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
    this.around.clock.after(retryMs, () => this.run(this.hangUp(tries + 1)));
  }
}

const WAIT_MESSAGE: Record<Wait, string> = {
  'first-stream':
    'answered, but no media stream has started: is wss reachable through PUBLIC_URL, and does the ingress upgrade /media-stream?',
  redial: 'the media stream was lost and Telnyx has not dialled again',
  'restarted-stream': 'the media stream asked for has not started',
  'second-leg': 'what became of the transfer was never reported',
  transferred: 'the end of the transferred call was never reported',
  sentence: 'the end of the spoken sentence was never reported',
  hangup: 'the end of the call was never reported',
};
