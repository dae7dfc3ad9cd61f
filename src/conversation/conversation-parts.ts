import { type CallActions } from './call.port.js';
import { CallEnding } from './call-ending.js';
import { CallGuard } from './call-guard.js';
import { type ConversationSettings, type ConversationSurroundings } from './conversation-surroundings.js';
import { CallerKeys } from './keys/caller-keys.js';
import { CallLimits } from './limits/call-limits.js';
import { CostCeiling } from './limits/cost-ceiling.js';
import {
  type CostUsd,
  type HistoryItem,
  type ModelListener,
  type ModelSession,
  type TokenUsage,
  type TranscriptionUsage,
} from './model.port.js';
import { HUNG_UP, PUT_THROUGH, STILL_THERE, timeIsShort, TOO_LONG } from './notes.js';
import { CallRecord } from './record/call-record.js';
import { type ConversationState } from './record/conversation-state.js';
import { ConversationWriter } from './record/conversation-writer.js';
import { SessionEvents } from './session-events.js';
import { SessionKeeper } from './session-keeper.js';
import { Standstill } from './standstill.js';
import { Timekeeper } from './timeline/timekeeper.js';
import { Watched } from './timeline/watched.js';
import { type Closing, ClosingAction } from './tools/closing-action.js';
import { ParleyTools } from './tools/parley-tools.js';
import { ToolDesk } from './tools/tool-desk.js';
import { type TurnTakingListener } from './turns/turn-taking.port.js';
import { TurnTaking } from './turns/turn-taking.js';
import { TonedLine } from './wait-signal/toned-line.js';
import { LateAnswer } from './wait-signal/late-answer.js';
import { WaitSignal } from './wait-signal/wait-signal.js';

/** The conversation, as its parts are concerned with it. */
export interface PartsHost extends TurnTakingListener {
  /** What is written down besides what was said. */
  state(): ConversationState;
  /** The call is not over, not in other hands, and does not stand still. */
  talking(): boolean;
  /** Nobody speaks and nothing is under way. */
  callersTurn(): boolean;
  /** The model is to answer. */
  ask(): void;
  /** Tells the model something, and has it speak about it as soon as nobody else does. */
  note(text: string): void;
  /** Has the assistant say its last sentence. @returns false when there is nobody to say it. */
  sayLast(sentence: string): boolean;
  keyPressed(): void;
  keysEntered(keys: string, note: HistoryItem): void;
  /** The caller has heard what comes before it. @param told that they know. */
  leave(closing: Closing, told: boolean, toolCallId: string): void;
  /** Nothing is done any more for being due, or for taking too long. */
  endWatching(): void;
  /** A mistake of ours while something of this call was handled. */
  mistaken(error: unknown, where: string): void;
}

/** What a conversation consists of, joined together. */
export class ConversationParts {
  /** What goes on whatever stands still. */
  readonly guard: CallGuard;
  readonly standstill: Standstill;
  readonly call: CallActions;
  readonly line: TonedLine;
  /** Undefined where the conversation is not written down. */
  readonly writer: ConversationWriter | undefined;
  readonly record: CallRecord;
  readonly observer: Watched;
  readonly timekeeper: Timekeeper;
  readonly cost: CostCeiling;
  readonly turnTaking: TurnTaking;
  readonly tools: ToolDesk;
  readonly closing: ClosingAction;
  readonly ending: CallEnding;
  readonly sessions: SessionKeeper;
  readonly waitSignal: WaitSignal;
  readonly lateAnswer: LateAnswer;
  readonly keys: CallerKeys;
  readonly limits: CallLimits;
  /** Hears what every session tells. */
  readonly events: ModelListener;

  constructor(settings: ConversationSettings, around: ConversationSurroundings, host: PartsHost) {
    const { callId, log, counters, model, toolBox, keeper } = around;
    const { assistant, limits, sentences } = settings;
    const failed = (error: unknown, where: string): void => host.mistaken(error, where);
    this.guard = new CallGuard(around.clock, failed);
    const { unattended } = this.guard;
    this.standstill = new Standstill(around.clock);
    const { clock } = new CallGuard(this.standstill.clock, failed);
    const call = this.standstill.hold(around.call);
    this.call = call;
    this.writer =
      keeper &&
      new ConversationWriter({
        ...{ clock: this.guard.clock, keeper },
        state: () => host.state(),
        assistantHeard: () => !line.idle,
      });
    const session = (): ModelSession | undefined => this.sessions.session;
    const changed = (): void => host.changed();
    const heard = (): boolean => line.idle;
    const line = new TonedLine(around.line);
    this.line = line;
    const cost = new CostCeiling(limits.maxCallCostUsd, () => this.ending.atLimit('cost-ceiling'));
    this.cost = cost;
    const charged = (costUsd: CostUsd, usage: TokenUsage | TranscriptionUsage): void => {
      counters.usage.add(costUsd, usage);
      cost.add(costUsd);
    };
    this.record = new CallRecord(clock, charged, this.writer);
    const { transcript, turns, ledger, now } = this.record;
    const observer = new Watched(around.observer, log);
    const sessionId = (): string | undefined => session()?.id;
    const timekeeper = new Timekeeper({ now, log: turns, transcript, sessionId, observer });
    this.observer = observer;
    this.timekeeper = timekeeper;
    this.turnTaking = new TurnTaking(assistant, { clock, log, line, counters, transcript, timekeeper, session }, host);
    this.tools = new ToolDesk({
      ...{ callId, clock, log, toolBox, transcript, timekeeper, session, changed, unattended },
      builtIn: new ParleyTools({
        targets: settings.transfer.targets,
        isOn: (name) => settings.tools.builtIn.some((tool) => tool === name),
        close: (closing, toolCall) => {
          this.closing.begin(closing, toolCall);
          this.writer?.look();
        },
        sendKeys: (digits) => call.sendKeys(digits),
        done: (toolCall, output, wantsAnswer, error) => {
          this.tools.done(toolCall, output, wantsAnswer, error);
          host.changed();
        },
        unattended,
      }),
      presentResponseId: () => this.turnTaking.presentResponseId,
      ask: () => host.ask(),
      beforeRun: () => this.writer?.write(),
    });
    this.closing = new ClosingAction({
      ...{ clock, heard },
      quiet: () => this.turnTaking.quiet,
      announce: (toolCall, output) => this.tools.announce(toolCall, output),
      perform: (closing, told, toolCall) => {
        this.tools.done(toolCall, outcomeOf(closing), false);
        host.leave(closing, told, toolCall.toolCallId);
      },
      notDone: (toolCall, output) => this.tools.done(toolCall, output, false, 'not-done'),
    });
    this.ending = new CallEnding({
      ...{ clock, log, call, sentences, heard },
      sayLast: (sentence) => host.sayLast(sentence),
      ended: () => {
        host.endWatching();
        this.writer?.look();
      },
    });
    this.sessions = new SessionKeeper({
      ...{ clock, log, counters, line, model, greeting: assistant.greeting, transcript, changed, unattended },
      ...{ now, observer },
      ...{ turnTaking: this.turnTaking, tools: this.tools },
      transcribes: assistant.transcription !== undefined,
      listener: () => this.events,
      callersTurn: () => host.callersTurn(),
      wanted: () => host.talking() && !this.ending.over && !this.closing.alone,
      lost: () => {
        this.ending.sessionLost();
        this.closing.sessionLost();
      },
      gaveUp: (reason) => this.ending.failed(reason),
    });
    this.lateAnswer = new LateAnswer(clock, changed);
    const waitSettings = { ...settings.waitSignal, sentence: sentences.wait };
    this.waitSignal = new WaitSignal(clock, waitSettings, {
      say: (sentence) => call.say(sentence),
      tone: () => line.playTone(),
      silent: () => line.silent && !this.turnTaking.callerSpeaking,
      unattended,
    });
    this.keys = new CallerKeys(clock, settings.keys, log, {
      pressed: () => host.keyPressed(),
      entered: (keys, note) => host.keysEntered(keys, note),
    });
    this.limits = new CallLimits(clock, limits, {
      timeIsShort: (remainingMs) => host.note(timeIsShort(Math.round(remainingMs / 1000))),
      callerIsSilent: () => host.note(STILL_THERE),
      assistantIsLong: () => {
        this.turnTaking.cutOff();
        this.closing.callerCutsIn();
        host.note(TOO_LONG);
      },
      over: (reason) => this.ending.atLimit(reason),
    });
    this.events = this.guard.listener<ModelListener>(
      new SessionEvents({
        ...{ turns: this.turnTaking, tools: this.tools, transcript, ledger, observer },
        heldAudio: this.sessions.heldAudio,
        lost: (failure) => this.sessions.lost(failure),
        written: changed,
      }),
    );
  }
}

/** What the model reads of it, should it ever. */
export function outcomeOf(closing: Closing): string {
  return closing.kind === 'hang-up' ? HUNG_UP : PUT_THROUGH;
}
