import { type Clock, type Timer } from '../../common/clock.js';
import { type TransferTarget } from '../../config/tools-setting.js';
import { type ToolCall } from '../model.port.js';
import { CALLER_CUT_IN, FILTERED_FIRST, REPLACED } from '../notes.js';
import { type ConversationState } from '../record/conversation-state.js';
import { type FinishedResponse } from '../turns/turn-taking.port.js';

/** What ends the assistant's part of the call. */
export type Closing = { kind: 'hang-up' } | { kind: 'transfer'; target: TransferTarget };

export interface ClosingSurroundings {
  clock: Clock;
  /** Nobody speaks and nobody is about to, and all that was said has been heard. */
  quiet(): boolean;
  /** All that the assistant has said so far has been heard. */
  heard(): boolean;
  /** Has the assistant say what it forgot to say: `output` is what it reads, and it is asked to answer. */
  announce(call: ToolCall, output: string): void;
  /** @param told the caller knows, because the assistant has said something. */
  perform(closing: Closing, told: boolean, call: ToolCall): void;
  /** It will not be done. @param output what the model reads. */
  notDone(call: ToolCall, output: string): void;
}

/** From the assistant's wish to the deed, when the model says no more: long enough for any goodbye to begin. */
const BEGINS_WITHIN_MS = 15_000;
/** A goodbye is no speech: whatever is still being said after this is cut. */
const LASTS_AT_MOST_MS = 60_000;

const ANNOUNCE: Record<Closing['kind'], string> = {
  'hang-up': '{"status":"ready","next":"Say goodbye to the caller in one short sentence. The call ends after that."}',
  transfer:
    '{"status":"ready","next":"Tell the caller in one short sentence that you are putting them through. It happens after that."}',
};

interface Wish {
  closing: Closing;
  call: ToolCall;
  begunMs: number;
  /**
   * `response`: it is being written. `announcing`: what was forgotten is being said. `ready`: done as soon as all is quiet.
   * `alone`: the same without a session, when what was said has been heard.
   */
  stage: 'response' | 'announcing' | 'ready' | 'alone';
  /** The model was reminded to say something first. */
  announced: boolean;
  told: boolean;
}

/**
 * A hang-up or a transfer that the assistant has asked for: done when the caller has heard what is said before it, and not
 * done when the caller speaks up first.
 */
export class ClosingAction {
  private wish: Wish | undefined;
  private timer: Timer | undefined;

  constructor(private readonly around: ClosingSurroundings) {}

  get pending(): boolean {
    return this.wish !== undefined;
  }

  /** It will be done, and the assistant is no more needed for it. */
  get alone(): boolean {
    return this.wish?.stage === 'alone';
  }

  /** What is to be done, for another process that may have to do it. */
  get state(): ConversationState['closing'] {
    if (!this.wish) return null;
    const { call, closing } = this.wish;
    return { toolCallId: call.toolCallId, ...(closing.kind === 'transfer' && { transferTo: closing.target.name }) };
  }

  /** @param call the tool call that asked for it, in a response that is still being written. */
  begin(closing: Closing, call: ToolCall): void {
    const before = this.wish;
    const announced = before?.closing.kind === closing.kind && before.announced;
    const begunMs = this.around.clock.nowMs();
    this.wish = { closing, call, begunMs, stage: 'response', announced, told: false };
    this.wait(BEGINS_WITHIN_MS);
    if (before) this.around.notDone(before.call, REPLACED);
  }

  responseOver({ responseId, status, spoke, filtered }: FinishedResponse): void {
    const { wish } = this;
    if (!wish || wish.stage === 'alone') return;
    const mine = responseId === wish.call.responseId;
    if (wish.stage === 'response' && !mine) return;
    if (filtered) {
      this.giveUp(FILTERED_FIRST);
      return;
    }
    const said = spoke && status !== 'failed';
    if (wish.stage === 'response' && !said && !wish.announced) {
      wish.stage = 'announcing';
      wish.announced = true;
      this.around.announce(wish.call, ANNOUNCE[wish.closing.kind]);
      return;
    }
    wish.told ||= said;
    wish.stage = 'ready';
    this.settle();
  }

  /** The session that was to speak is gone: what it did say has to do. */
  sessionLost(): void {
    const { wish } = this;
    if (!wish) return;
    wish.stage = 'alone';
    wish.told ||= !this.around.heard();
    this.settle();
  }

  /** The caller wants something else first. */
  callerCutsIn(): void {
    this.giveUp(CALLER_CUT_IN);
  }

  /** Something may have become silent. */
  settle(): void {
    const { wish } = this;
    if (wish?.stage === 'ready' ? this.around.quiet() : wish?.stage === 'alone' && this.around.heard()) this.perform();
  }

  stop(): void {
    this.wish = undefined;
    this.timer?.cancel();
  }

  private giveUp(output: string): void {
    const { wish } = this;
    if (!wish) return;
    this.stop();
    this.around.notDone(wish.call, output);
  }

  private wait(ms: number): void {
    this.timer?.cancel();
    this.timer = this.around.clock.after(ms, () => {
      const { wish } = this;
      if (!wish) return;
      if (wish.stage !== 'alone') wish.stage = 'ready';
      const restMs = wish.begunMs + LASTS_AT_MOST_MS - this.around.clock.nowMs();
      this.settle();
      if (!this.wish) return;
      if (restMs <= 0) this.perform();
      else this.wait(restMs);
    });
  }

  private perform(): void {
    const { wish } = this;
    if (!wish) return;
    this.stop();
    this.around.perform(wish.closing, wish.told, wish.call);
  }
}
