import { type Logger } from 'pino';
import { type Clock } from '../common/clock.js';
import { type Config } from '../config/config.js';
import { type CallActions, type ConversationEnd } from './call.port.js';
import { Farewell } from './farewell.js';
import { type ConversationState } from './record/conversation-state.js';
import { type FinishedResponse } from './turns/turn-taking.port.js';

export interface CallEndingSurroundings {
  clock: Clock;
  log: Logger;
  call: Pick<CallActions, 'end'>;
  sentences: Config['sentences'];
  /** Has the assistant say it, as the last thing it says. @returns false when there is nobody to say it. */
  sayLast(sentence: string): boolean;
  /** All that the assistant has said so far has been heard. */
  heard(): boolean;
  /** The call is being ended: nothing is begun any more. */
  ended(): void;
}

/** What is said at the end of a call, by its reason; where it is not here, it is `sorry`. */
const SENTENCES: Partial<Record<ConversationEnd, keyof Config['sentences']>> = {
  'assistant-hung-up': 'goodbye',
  'max-duration': 'timeUp',
  'caller-idle': 'idle',
  silence: 'idle',
  'assistant-monologue': 'goodbye',
  'cost-ceiling': 'goodbye',
};

/** A model that talks too much, or costs too much, is not asked to say one thing more. */
const WITHOUT_THE_ASSISTANT: ReadonlySet<ConversationEnd> = new Set(['assistant-monologue', 'cost-ceiling']);

/** How a conversation ends its call: once, and with a sentence that the caller hears. */
export class CallEnding {
  private readonly farewell: Farewell;
  private isOver = false;
  private ended: ConversationState['ending'] = null;

  constructor(private readonly around: CallEndingSurroundings) {
    const { clock } = around;
    this.farewell = new Farewell({
      clock,
      ask: (sentence) => around.sayLast(sentence),
      heard: () => around.heard(),
      end: (reason, sentence, told) => this.end(reason, told ? undefined : sentence),
    });
  }

  /** The call is to end, or is being ended; nothing else matters any more. */
  get begun(): boolean {
    return this.isOver || this.farewell.begun;
  }

  /** The call is being ended. */
  get over(): boolean {
    return this.isOver;
  }

  /** Why the call is being ended, for another process that may have to do it. */
  get state(): ConversationState['ending'] {
    const { reason } = this.farewell;
    return this.ended ?? (reason === undefined ? null : { reason, told: false });
  }

  /** Another process was about to end the call. @param told the caller knows. */
  again(reason: ConversationEnd, told: boolean): void {
    this.end(reason, told ? undefined : this.sentence(reason));
  }

  /** A limit is reached: the caller is told first, by the assistant where that is possible. */
  atLimit(reason: ConversationEnd): void {
    if (this.begun) return;
    this.around.log.info({ reason }, 'a limit of the call is reached');
    const sentence = this.sentence(reason);
    if (WITHOUT_THE_ASSISTANT.has(reason)) this.end(reason, sentence);
    else this.farewell.begin(reason, sentence);
  }

  /** The conversation cannot go on. */
  failed(reason: ConversationEnd): void {
    // What is being said at a limit is said without the assistant then, and the reason stays.
    if (this.farewell.begun) this.farewell.failed();
    else this.end(reason, this.sentence(reason));
  }

  /** @param told the assistant has said goodbye. */
  hangUp(told: boolean): void {
    this.end('assistant-hung-up', told ? undefined : this.sentence('assistant-hung-up'));
  }

  responseOver(response: FinishedResponse): void {
    this.farewell.responseOver(response);
  }

  sessionLost(): void {
    this.farewell.failed();
  }

  /** What the assistant was saying was cut off, and not by the caller. */
  cutShort(): void {
    this.farewell.cutShort();
  }

  /** Something may have become silent. */
  settle(): void {
    this.farewell.settle();
  }

  /** The call is over. */
  stop(): void {
    this.isOver = true;
    this.farewell.stop();
  }

  private end(reason: ConversationEnd, sentence: string | undefined): void {
    if (this.isOver) return;
    this.stop();
    this.ended = { reason, told: sentence === undefined };
    this.around.ended();
    this.around.call.end(reason, sentence);
  }

  private sentence(reason: ConversationEnd): string {
    return this.around.sentences[SENTENCES[reason] ?? 'sorry'];
  }
}
