import { type Logger } from 'pino';
import { type TalkWriter } from '../affinity/talk-log.js';
import { type Clock } from '../common/clock.js';
import { type CallActions, type TransferFailure } from '../conversation/call.port.js';
import { type ConversationReport } from '../conversation/record/conversation-report.js';
import { type RecalledConversation } from '../conversation/record/restored-record.js';
import { type SavedConversation } from '../conversation/record/saved-conversation.js';
import { BesideSentences } from './beside-sentences.js';
import { type ConversationObserver } from '../conversation/observer.port.js';
import { type CallTrace } from '../telemetry/trace/call-trace.js';
import { type CallConversation, type CallConversations } from './call-conversation.js';
import { type CallState, INITIAL_CALL_STATE } from './call-events.js';
import { type CallFactory, type CallOwner } from './call-factory.js';
import { type CallLine, type LineSummary } from './call-line.js';
import { CallSpans } from './call-spans.js';
import { type Call } from './call.js';
import { type CallPapers } from './call-papers.js';

/** Who calls whom, as the webhook said it; a call that came by its media stream alone has only its id. */
export interface CallFacts {
  callControlId: string;
  callSessionId?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

/** The conversation keeps to that time itself; a mistake there must not hold up the end of a process. */
const FINISH_GRACE_MS = 1_000;

/** A call that another pod has carried so far. */
export interface EarlierCall {
  /** Undefined where nothing of it could be read: it is taken for one that was answered. */
  papers: CallPapers | undefined;
  /** Number of the last streaming command. */
  attempt: number;
  /** What was said; undefined where nobody has talked yet. */
  conversation: SavedConversation | undefined;
  /** What the caller said while it was on its way here, as G.711. */
  unheard?: Buffer | undefined;
}

export interface CarriedCallSurroundings {
  clock: Clock;
  /** What another pod needs to know is different now. */
  changed(): void;
  factory: CallFactory;
  conversations: CallConversations;
  log: Logger;
  trace: CallTrace;
  /** Who watches the conversation; undefined: nobody. */
  observer(): ConversationObserver | undefined;
  /** How long the caller's last words are waited for; undefined where nobody asks what the conversation was. */
  lastWordsWaitMs: number | undefined;
  /** @returns the client state of the second leg that is about to be dialled. */
  expectSecondLeg(transfer: number): string;
  cameBack(): void;
  /** The caller talks to somebody else: our part of the call is over. */
  handedOver(): void;
  released(): void;
}

/** A call as this pod carries it: its life, its line, and the conversation on it. */
export class CarriedCall {
  readonly call: Call;
  readonly log: Logger;
  /** On the app's clock, as if it had begun here. */
  readonly startedMs: number;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  line: CallLine | undefined;
  private conversation: CallConversation | undefined;
  /** Where the conversation is written down for other pods; undefined: nowhere. */
  private talk: TalkWriter | undefined;
  private finished: Promise<ConversationReport | undefined> | undefined;
  private lineTotals: LineSummary | undefined;
  private returning: TransferFailure | undefined;
  private readonly beside: BesideSentences;
  private readonly spans: CallSpans;
  /** The caller talks to somebody else: nothing more is written into the call's trace, here or on another pod. */
  private handedOver = false;
  /** Sentences and keys so far: each has its own cause, however often it is the same. */
  private sent = 0;

  constructor(
    readonly facts: CallFacts,
    readonly baseUrl: string,
    private readonly around: CarriedCallSurroundings,
    private readonly earlier?: EarlierCall,
  ) {
    this.log = around.log;
    this.startedAtMs = earlier?.papers?.startedAtMs ?? Date.now();
    this.startedMs = around.clock.nowMs() - (Date.now() - this.startedAtMs);
    this.beside = new BesideSentences(around.clock);
    const owner: CallOwner = {
      expectSecondLeg: (transfer) => around.expectSecondLeg(transfer),
      ending: () => void this.finish(),
      cameBack: (_call, why) => {
        this.returning = why;
        around.cameBack();
      },
      handedOver: () => {
        this.handedOver = true;
        around.handedOver();
      },
      released: () => around.released(),
      changed: (call) => {
        this.spans.changed(call.state);
        around.changed();
      },
    };
    const state = earlier && stateLeftBy(earlier);
    this.call = around.factory.make(facts.callControlId, baseUrl, { log: around.log, owner, state });
    this.spans = new CallSpans(facts.callControlId, around.trace, this.call.state);
  }

  /** What another pod needs to go on with the call. */
  get papers(): CallPapers {
    const { facts, startedAtMs, handedOver, around } = this;
    const traceparent = handedOver ? undefined : around.trace.traceparent;
    return { facts, state: this.call.state, startedAtMs, traceparent };
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
    const { callControlId: callId } = this.facts;
    const saved = this.earlier?.conversation;
    this.talk = this.around.factory.talkWriter(callId, saved);
    const keeper = this.talk;
    const { startedAtMs: beganAtMs } = this;
    const observer = this.around.observer();
    const known = { keeper, saved, beganAtMs, returning, observer, unheard: this.earlier?.unheard };
    this.conversation = this.around.conversations.begin({ callId, line, log, call, ...known });
  }

  /**
   * The call is to go on elsewhere: waits for a quiet moment, then stands still. Until `dismiss` or `cancelMove` nothing
   * is said or done here; the model session stays open.
   */
  async standStill(quietWithinMs: number): Promise<void> {
    await this.conversation?.whenQuiet(quietWithinMs);
    if (!this.call.ours) return;
    this.conversation?.freeze();
    this.call.beginMove();
    await this.talk?.flush();
  }

  /** The directory has forgotten what was said. */
  writeDownAgain(): void {
    this.talk?.rewrite();
  }

  /** This pod has claimed the call once more. @param attempt number of the last streaming command. */
  ownedAnew(epoch: number, attempt: number): void {
    this.call.counted(attempt);
    this.talk?.raise(epoch);
  }

  /** What the caller has said since it stands still, as G.711. */
  takeUnheard(): Buffer {
    return this.conversation?.takeUnheard() ?? Buffer.alloc(0);
  }

  /** It stays here after all. */
  cancelMove(): void {
    this.call.cancelMove();
    this.conversation?.thaw();
  }

  /** The call goes on elsewhere. */
  dismiss(): void {
    this.call.dismiss();
    this.conversation?.close();
    this.talk?.close();
    this.closeLine();
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
    this.talk?.close();
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
  get summary(): { line: LineSummary | undefined; conversation: object | undefined } {
    const conversation = this.conversation ?? this.recalled();
    return { line: this.lineTotals, conversation: conversation?.summary };
  }

  /** What was said on another pod, where nobody has talked here. Never throws: the call has to end. */
  private recalled(): RecalledConversation | undefined {
    const saved = this.earlier?.conversation;
    if (!saved || this.conversation) return undefined;
    try {
      return this.around.conversations.recall(saved);
    } catch (error) {
      this.log.error({ err: error }, 'what was said on another pod cannot be read');
      return undefined;
    }
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
    if (lastWordsWaitMs === undefined) {
      conversation?.close();
      return undefined;
    }
    // Its stream has not come: what is to be told was said on another pod.
    if (!conversation) return this.recalled()?.report;
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
    const { commands } = this.around.factory;
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

/** The state in which a call is taken up: its stream is not here yet. */
function stateLeftBy({ papers, attempt }: EarlierCall): CallState {
  const state = papers?.state ?? { ...INITIAL_CALL_STATE, phase: 'answered', streamed: true };
  const phase = state.phase === 'streaming' ? 'interrupted' : state.phase;
  return { ...state, phase, attempt: Math.max(state.attempt, attempt) };
}
