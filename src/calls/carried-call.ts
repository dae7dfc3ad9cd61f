import { type Logger } from 'pino';
import { type Clock } from '../common/clock.js';
import { type CallActions, type TransferFailure } from '../conversation/call.port.js';
import { type ConversationReport } from '../conversation/record/conversation-report.js';
import { BesideSentences } from './beside-sentences.js';
import { type CallConversation, type CallConversations } from './call-conversation.js';
import { type CallCommands } from './call-commands.js';
import { type CallFactory } from './call-factory.js';
import { type CallLine } from './call-line.js';
import { type Call } from './call.js';

/** Who calls whom, as the webhook said it; a call that came by its media stream alone has only its id. */
export interface CallFacts {
  callControlId: string;
  callSessionId?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

/** The conversation keeps to that time itself; a mistake there must not hold up the end of a process. */
const FINISH_GRACE_MS = 1_000;

export interface CarriedCallSurroundings {
  clock: Clock;
  commands: CallCommands;
  factory: CallFactory;
  conversations: CallConversations;
  log: Logger;
  /** How long the caller's last words are waited for; undefined where nobody asks what the conversation was. */
  lastWordsWaitMs: number | undefined;
  /** @returns the client state of the second leg that is about to be dialled. */
  expectSecondLeg(carried: CarriedCall, transfer: number): string;
  cameBack(carried: CarriedCall): void;
  /** The caller talks to somebody else: our part of the call is over. */
  handedOver(carried: CarriedCall): void;
  released(carried: CarriedCall): void;
}

/** A call as this pod carries it: its life, its line, and the conversation on it. */
export class CarriedCall {
  readonly call: Call;
  readonly log: Logger;
  readonly startedMs: number;
  readonly startedAt = new Date();
  line: CallLine | undefined;
  private conversation: CallConversation | undefined;
  private finished: Promise<ConversationReport | undefined> | undefined;
  private lineTotals: object | undefined;
  private returning: TransferFailure | undefined;
  private readonly beside: BesideSentences;
  /** Sentences and keys so far: each has its own cause, however often it is the same. */
  private sent = 0;

  constructor(
    readonly facts: CallFacts,
    readonly baseUrl: string,
    private readonly around: CarriedCallSurroundings,
  ) {
    this.log = around.log;
    this.startedMs = around.clock.nowMs();
    this.beside = new BesideSentences(around.clock);
    this.call = around.factory.make(facts.callControlId, baseUrl, around.log, {
      expectSecondLeg: (transfer) => around.expectSecondLeg(this, transfer),
      ending: () => void this.finish(),
      cameBack: (_call, why) => {
        this.returning = why;
        around.cameBack(this);
      },
      handedOver: () => around.handedOver(this),
      released: () => around.released(this),
    });
  }

  /** The line is attached to a socket: the conversation begins, or goes on. */
  streamReady(): void {
    const { line, returning } = this;
    if (!line || !this.call.ours) return;
    this.returning = undefined;
    if (this.conversation) {
      if (returning !== undefined) this.conversation.backFromTransfer(returning);
      return;
    }
    const { log, actions: call } = this;
    this.conversation = this.around.conversations.begin({ callId: this.facts.callControlId, line, log, call });
  }

  /** A key that Telnyx told by webhook. */
  key(digit: string, occurredAtMs: number | undefined): void {
    if (this.call.ours) this.conversation?.keyFromWebhook(digit, occurredAtMs);
  }

  /** Telnyx has spoken a sentence to its end. */
  sentenceOver(): void {
    if (!this.beside.ended()) this.call.handle({ type: 'sentence-over' });
  }

  /** The assistant has no part in the call any more: its conversation and its line are let go of. */
  letGo(): Promise<ConversationReport | undefined> {
    const finished = this.finish();
    this.closeLine();
    return finished;
  }

  private closeLine(): void {
    if (!this.line || this.lineTotals) return;
    // Not twice, whatever comes of it.
    this.lineTotals = {};
    try {
      this.lineTotals = this.line.close();
    } catch (error) {
      this.log.error({ err: error }, 'the line was not closed in good order');
    }
  }

  /** What the log says at the end. */
  get summary(): object {
    return { line: this.lineTotals, conversation: this.conversation?.summary };
  }

  /** Resolves with what the conversation was, if there was one and somebody wants to know. Never rejects. */
  private finish(): Promise<ConversationReport | undefined> {
    this.finished ??= this.finishConversation().catch((error: unknown) => {
      this.log.error({ err: error }, 'the conversation did not end in good order');
      return undefined;
    });
    return this.finished;
  }

  private async finishConversation(): Promise<ConversationReport | undefined> {
    const { conversation } = this;
    const { lastWordsWaitMs, clock } = this.around;
    if (!conversation) return undefined;
    if (lastWordsWaitMs === undefined) {
      conversation.close();
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const late = clock.after(lastWordsWaitMs + FINISH_GRACE_MS, () => resolve(undefined));
      conversation
        .finish()
        .finally(() => late.cancel())
        .then(resolve, reject);
    });
  }

  private get actions(): CallActions {
    const { callControlId } = this.facts;
    const { commands } = this.around;
    return {
      end: (reason, sentence) => this.call.handle({ type: 'end', reason, sentence }),
      transfer: ({ to }, sentence) => this.call.handle({ type: 'transfer', to, sentence }),
      sendKeys: async (keys) => {
        if (!this.call.ours) return false;
        const outcome = await commands.sendKeys(callControlId, keys, String(++this.sent));
        return outcome.ok;
      },
      say: async (sentence) => {
        if (!this.call.ours) return false;
        this.beside.begun(sentence);
        const said = await commands.sayBeside(callControlId, sentence, String(++this.sent));
        if (!said) this.beside.withdraw();
        return said;
      },
    };
  }
}
