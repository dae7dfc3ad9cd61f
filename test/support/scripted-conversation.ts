import pino from 'pino';
import { FakeClock } from '../../src/common/fake-clock.js';
import { type CallActions, type ConversationEnd, type TransferFailure } from '../../src/conversation/call.port.js';
import { type ConversationSettings } from '../../src/conversation/conversation-surroundings.js';
import { Conversation } from '../../src/conversation/conversation.js';
import { type CutItem, type G711Law, type Line, type LineListener } from '../../src/conversation/line.port.js';
import {
  type CostUsd,
  type HistoryItem,
  ModelConnector,
  type ModelFailure,
  type ModelListener,
  type ModelSession,
  ModelUnavailable,
  type ResponseOptions,
  type TokenUsage,
  type TranscriptionUsage,
} from '../../src/conversation/model.port.js';
import {
  type ConversationObserver,
  type ModelRefusal,
  type SessionOpening,
  type TurnTimeline,
} from '../../src/conversation/observer.port.js';
import {
  type OwnTool,
  ToolBox,
  type ToolCallIdentity,
  type ToolOutcome,
} from '../../src/conversation/tools/tool.port.js';
import { type SavedConversation } from '../../src/conversation/record/saved-conversation.js';
import { Secret } from '../../src/config/secret.js';
import { Counters } from '../../src/telemetry/counters.js';
import { ScriptedProcess, type ScriptedStore } from './scripted-store.js';

export const RETRYABLE: ModelFailure = { kind: 'retryable', code: 'close-1006', message: '' };
export const FATAL: ModelFailure = { kind: 'fatal', code: 'insufficient_quota', message: '' };
export const GREETING = 'Hello, this is an AI assistant.';

/** A caller's line whose ear we are: nothing is heard until the test says so. */
export class ScriptedLine implements Line {
  law: G711Law = 'pcmu';
  listener: LineListener | undefined;
  flushes = 0;
  callerSpeaking = false;
  played = '';
  private items: (CutItem & { ended: boolean })[] = [];

  get idle(): boolean {
    return this.items.length === 0;
  }
  listen(listener: LineListener): void {
    this.listener = listener;
  }
  play(itemId: string, audio: Buffer): void {
    this.played += `${itemId} `;
    let item = this.items.find((other) => other.itemId === itemId);
    if (!item) {
      item = { itemId, heardMs: 0, receivedMs: 0, complete: false, ended: false };
      this.items.push(item);
      this.listener?.itemStarted(itemId);
    }
    item.receivedMs += audio.length / 8;
  }
  endItem(itemId: string): void {
    for (const item of this.items) if (item.itemId === itemId) item.ended = true;
    this.settle();
  }
  interrupt(): CutItem[] {
    this.flushes++;
    const cut = this.heardItems();
    this.items = [];
    return cut;
  }
  heardItems(): CutItem[] {
    return this.items.map(({ itemId, heardMs, receivedMs, ended }) => {
      return { itemId, heardMs, receivedMs, complete: ended && heardMs === receivedMs };
    });
  }
  setCallerSpeaking(speaking: boolean): void {
    this.callerSpeaking = speaking;
  }

  /** The caller hears the next `ms`. */
  hears(ms: number): void {
    for (const item of this.items) {
      const heardMs = Math.min(ms, item.receivedMs - item.heardMs);
      item.heardMs += heardMs;
      ms -= heardMs;
    }
    this.settle();
  }
  /** The caller says something of this many frames of 20 ms. */
  says(frames: number, byte = 0x90): void {
    const frame = Buffer.from(Buffer.alloc(160, byte).toString('base64'), 'latin1');
    for (let i = 0; i < frames; i++) this.listener?.callerAudio(frame, 160);
  }
  presses(keys: string): void {
    for (const key of keys) this.listener?.key(key, undefined);
  }
  private settle(): void {
    for (let item = this.items[0]; item?.ended && item.heardMs === item.receivedMs; item = this.items[0]) {
      this.items.shift();
      this.listener?.itemHeard(item.itemId, item.heardMs);
    }
  }
}

const HEARD_BYTES = 32_000;

/** A model session that says what the test has it say, and notes what it is told. */
export class ScriptedSession implements ModelSession {
  readonly log: string[] = [];
  listener: ModelListener | undefined;
  appendedBytes = 0;
  /** The last seconds of the caller. */
  heard = Buffer.alloc(0);
  closed = false;
  renewAtMs = Infinity;
  private requests = 0;

  constructor(
    readonly id: string,
    readonly takesTurnsItself: boolean,
  ) {}
  get alive(): boolean {
    return !this.closed;
  }
  /** What the conversation hears from the model; nothing any more once it was closed. */
  get tells(): ModelListener {
    if (!this.listener) throw new Error(`nobody listens to ${this.id}`);
    return this.listener;
  }
  listen(listener: ModelListener): void {
    this.listener = listener;
  }
  appendAudio(base64: Buffer): void {
    if (this.appendedBytes === 0) this.log.push('audio');
    const audio = Buffer.from(base64.toString('latin1'), 'base64');
    this.appendedBytes += audio.length;
    this.heard = Buffer.concat([this.heard, audio]).subarray(-HEARD_BYTES);
  }
  async setInputLaw(law: G711Law): Promise<void> {
    this.log.push(`law ${law}`);
  }
  remember(item: HistoryItem): void {
    const what = item.role === 'tool' ? `${item.name}(${item.argumentsText}) = ${item.output}` : item.text;
    this.log.push(`remember ${item.role}: ${what}`);
  }
  giveToolOutput(toolCallId: string, output: string): void {
    this.log.push(`output ${toolCallId}: ${output}`);
  }
  createResponse(options?: ResponseOptions): string {
    this.log.push(options?.withoutTools ? 'create without tools' : 'create');
    return `${this.id}-request-${++this.requests}`;
  }
  cancelResponse(responseId: string): void {
    this.log.push(`cancel ${responseId}`);
  }
  truncateItem(itemId: string, heardMs: number): void {
    this.log.push(`truncate ${itemId} ${heardMs}`);
  }
  deleteItem(itemId: string): void {
    this.log.push(`delete ${itemId}`);
  }
  finishListening(callerSpeaking: boolean): void {
    this.log.push(`finish listening${callerSpeaking ? ' to the end' : ''}`);
  }
  close(): void {
    this.closed = true;
    this.listener = undefined;
  }

  // --- what the model does ---

  /** Begins an answer of one item. */
  answers(responseId: string, itemId: string, audioMs: number, words = `words of ${itemId}`): void {
    this.tells.responseCreated(responseId);
    this.speaks(responseId, itemId, audioMs, words);
  }
  speaks(responseId: string, itemId: string, audioMs: number, words = `words of ${itemId}`): void {
    this.tells.assistantTranscript(responseId, itemId, words);
    this.tells.audio(responseId, itemId, Buffer.alloc(audioMs * 8));
  }
  finishes(responseId: string, itemId: string, costUsd?: CostUsd): void {
    this.tells.audioDone(responseId, itemId);
    this.done(responseId, 'completed', undefined, costUsd);
  }
  calls(responseId: string, toolCallId: string, name: string, argumentsText = '{}'): void {
    this.tells.toolCalled({ responseId, toolCallId, name, argumentsText });
  }
  done(
    responseId: string,
    status: 'completed' | 'cancelled' | 'failed' | 'incomplete' = 'completed',
    failure?: ModelFailure,
    costUsd?: CostUsd,
    reason?: string,
  ): void {
    const usage = costUsd === undefined ? undefined : TOKENS;
    this.listener?.responseDone({ responseId, status, reason, failure, usage, costUsd });
  }
  callerTurn(itemId: string, words?: string, usage?: TranscriptionUsage): void {
    this.tells.speechStarted(itemId);
    this.tells.speechStopped(itemId);
    this.tells.turnCommitted(itemId);
    if (words !== undefined) this.tells.callerTranscript(itemId, words, usage);
  }
  loses(failure: ModelFailure = RETRYABLE): void {
    const { tells } = this;
    this.listener = undefined;
    this.closed = true;
    tells.lost(failure);
  }
  count(entry: string): number {
    return this.log.filter((other) => other === entry).length;
  }
}

export const TOKENS: TokenUsage = {
  inputTextTokens: 10,
  inputAudioTokens: 20,
  cachedTextTokens: 0,
  cachedAudioTokens: 0,
  outputTextTokens: 5,
  outputAudioTokens: 40,
};

export class ScriptedModel extends ModelConnector {
  readonly sessions: ScriptedSession[] = [];
  /** Outcomes of the next attempts; when there are none, they succeed. */
  readonly failures: (ModelFailure | 'wait')[] = [];
  readonly attemptsAtMs: number[] = [];
  readonly laws: G711Law[] = [];
  proceed: () => void = () => undefined;
  /** How long the sessions opened from now on are to be used. */
  lastsMs = Infinity;

  constructor(
    private readonly clock: FakeClock,
    private readonly takesTurnsItself: boolean,
  ) {
    super();
  }
  anticipate(): void {}
  protected newSession(id: string, takesTurnsItself: boolean): ScriptedSession {
    return new ScriptedSession(id, takesTurnsItself);
  }
  async acquire(law: G711Law): Promise<ModelSession> {
    this.attemptsAtMs.push(this.clock.nowMs());
    this.laws.push(law);
    const failure = this.failures.shift();
    if (failure === 'wait') await new Promise<void>((resolve) => (this.proceed = resolve));
    else if (failure) throw new ModelUnavailable(failure);
    const session = this.newSession(`session-${this.sessions.length + 1}`, this.takesTurnsItself);
    session.renewAtMs = this.clock.nowMs() + this.lastsMs;
    this.sessions.push(session);
    return session;
  }
}

/** A tool whose result comes when the test says so. */
export class ScriptedTool implements OwnTool {
  readonly runs: (ToolCallIdentity & { argumentsText: string; signal: AbortSignal })[] = [];
  private readonly waiting: ((outcome: ToolOutcome) => void)[] = [];

  constructor(
    readonly name: string,
    readonly result: 'wait' | 'later' = 'wait',
  ) {}
  run(argumentsText: string, call: ToolCallIdentity, signal: AbortSignal): Promise<ToolOutcome> {
    this.runs.push({ ...call, argumentsText, signal });
    return new Promise((resolve) => this.waiting.push(resolve));
  }
  /** How many runs have not ended. */
  get waits(): number {
    return this.waiting.length;
  }
  /** The process that waited for the runs is gone. */
  abandon(): void {
    this.waiting.length = 0;
  }
  /** The oldest run that still waits ends. */
  async answers(output: string, ok = true): Promise<void> {
    this.waiting.shift()?.({ ok, output, error: ok ? undefined : 'failed' });
    await settle();
  }
}

export class ScriptedToolBox extends ToolBox {
  readonly declarations = [];
  constructor(private readonly tools: readonly OwnTool[]) {
    super();
  }
  find(name: string): OwnTool | undefined {
    return this.tools.find((tool) => tool.name === name);
  }
}

/** Notes what a conversation does with its call. */
export class ScriptedCall implements CallActions {
  readonly ends: string[] = [];
  readonly transfers: string[] = [];
  readonly said: string[] = [];
  readonly keysSent: string[] = [];
  /** Whether a sentence can be said beside the stream. */
  saysBeside = true;
  sendsKeys = true;

  end(reason: ConversationEnd, sentence: string | undefined): void {
    this.ends.push(`${reason}${sentence === undefined ? '' : ` with: ${sentence}`}`);
  }
  transfer(target: { name: string; to: string }, sentence: string | undefined): void {
    this.transfers.push(`${target.name} at ${target.to}${sentence === undefined ? '' : ` with: ${sentence}`}`);
  }
  async sendKeys(keys: string): Promise<boolean> {
    this.keysSent.push(keys);
    return this.sendsKeys;
  }
  async say(sentence: string): Promise<boolean> {
    this.said.push(sentence);
    return this.saysBeside;
  }
}

/** Notes what it is told of a conversation. */
export class ScriptedObserver implements ConversationObserver {
  readonly turns: TurnTimeline[] = [];
  readonly openings: SessionOpening[] = [];
  readonly refusals: ModelRefusal[] = [];

  turnOver(turn: TurnTimeline): void {
    this.turns.push(turn);
  }
  sessionOpened(opening: SessionOpening): void {
    this.openings.push(opening);
  }
  modelRefused(refusal: ModelRefusal): void {
    this.refusals.push(refusal);
  }
}

/** Lets everything run that waits for nothing but its turn. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export interface GivenSettings {
  greeting?: string | undefined;
  greetingProtected?: boolean;
  interruptMinSpeechMs?: number;
  builtIn?: ConversationSettings['tools']['builtIn'];
  limits?: Partial<ConversationSettings['limits']>;
  waitSignal?: ConversationSettings['waitSignal'];
  keys?: Partial<ConversationSettings['keys']>;
  tools?: readonly OwnTool[];
  lastWordsWaitMs?: number;
  /** Where the conversation is written down. */
  store?: ScriptedStore;
  /** The conversation is another process's, which wrote this down. */
  saved?: SavedConversation;
  beganAtMs?: number;
  returning?: TransferFailure;
  unheard?: Buffer;
  /** Of the world, which no process takes with it. */
  clock?: FakeClock;
  observer?: ConversationObserver;
}

/** Settings of a conversation: without limits and signals, unless they are given. */
function settingsOf(given: GivenSettings): ConversationSettings {
  return {
    assistant: {
      voice: 'marin',
      speed: 1,
      instructions: '',
      greeting: 'greeting' in given ? given.greeting : GREETING,
      greetingProtected: given.greetingProtected ?? false,
      interruptMinSpeechMs: given.interruptMinSpeechMs ?? 0,
      vad: { type: 'server_vad', threshold: 0.5, prefixPaddingMs: 300, silenceMs: 500 },
      noiseReduction: undefined,
      maxOutputTokens: 'inf',
      transcription: { model: 'gpt-transcribe', languages: [] },
    },
    tools: { builtIn: given.builtIn ?? ['hang_up', 'transfer', 'send_keys', 'skip_turn'], http: [], mcp: [] },
    transfer: {
      targets: [{ name: 'sales', to: '+15550100001' }],
      ringS: 30,
      from: undefined,
      fallbackTo: undefined,
      overflowTo: undefined,
    },
    keys: { enabled: true, source: 'auto', terminator: '#', pauseMs: 2_000, ...given.keys },
    limits: {
      maxCalls: 100,
      eventLoopLagLimitMs: 200,
      memoryLimitPercent: 85,
      callerCallsPerMinute: undefined,
      maxCallDurationMs: 14_400_000,
      maxCallDurationNoticeMs: undefined,
      idlePromptMs: undefined,
      idleHangUpMs: undefined,
      maxSilenceMs: undefined,
      maxMonologueMs: undefined,
      maxCallCostUsd: undefined,
      ...given.limits,
    },
    sentences: {
      sorry: 'Sorry.',
      fallback: 'Fallback.',
      wait: 'One moment.',
      transfer: 'Putting you through.',
      idle: 'I cannot hear you.',
      timeUp: 'Time is up.',
      goodbye: 'Goodbye.',
    },
    waitSignal: given.waitSignal ?? { kind: 'off', afterMs: 2_000 },
    report: undefined,
  };
}

type MakeModel<Model> = (clock: FakeClock, takesTurnsItself: boolean) => Model;

export function setUp(given: GivenSettings = {}) {
  return setUpWith((clock, takesTurnsItself) => new ScriptedModel(clock, takesTurnsItself), given);
}

/** @param makeModel the model, where it is to behave in a way of its own. */
export function setUpWith<Model extends ScriptedModel>(makeModel: MakeModel<Model>, given: GivenSettings = {}) {
  const settings = settingsOf(given);
  const { greetingProtected, interruptMinSpeechMs } = settings.assistant;
  const { store, saved, beganAtMs, returning, unheard, clock = new FakeClock() } = given;
  const process = new ScriptedProcess(clock);
  const watcher = new ScriptedObserver();
  const line = new ScriptedLine();
  const model = makeModel(clock, !greetingProtected && interruptMinSpeechMs === 0);
  const counters = new Counters();
  const call = new ScriptedCall();
  const conversation = new Conversation(
    given.lastWordsWaitMs === undefined ? settings : { ...settings, report: reporting(given.lastWordsWaitMs) },
    {
      callId: 'v3:call',
      clock: process,
      keeper: store?.keeper(process),
      observer: given.observer ?? watcher,
      ...{ saved, beganAtMs, returning, unheard, line },
      model,
      counters,
      call,
      toolBox: new ScriptedToolBox(given.tools ?? []),
      log: pino({ enabled: false }),
    },
  );
  /** The session in use. */
  const session = (): ScriptedSession => {
    const last = model.sessions.at(-1);
    if (!last) throw new Error('there is no session yet');
    return last;
  };
  const pass = async (ms: number): Promise<void> => {
    await settle();
    for (let passedMs = 0; passedMs < ms; passedMs += 50) {
      clock.advance(Math.min(50, ms - passedMs));
      await settle();
    }
  };
  /** The process is gone, and with it its sockets. */
  const kill = (): void => {
    process.killed = true;
    line.listener = undefined;
    for (const one of model.sessions) one.close();
  };
  return { conversation, clock, line, model, counters, call, ends: call.ends, watcher, session, pass, kill };
}

function reporting(lastWordsWaitMs: number): NonNullable<ConversationSettings['report']> {
  const secret = new Secret('a secret of some length');
  return { url: 'https://example.com', secret, timeoutMs: 1, giveUpAfterMs: 1, lastWordsWaitMs };
}

/** A conversation whose greeting is over. */
export async function greeted(given: GivenSettings = {}) {
  const all = setUp(given);
  all.conversation.begin();
  await settle();
  const session = all.session();
  session.answers('resp-greeting', 'greeting', 2_000, GREETING);
  session.finishes('resp-greeting', 'greeting');
  all.line.hears(2_000);
  session.log.length = 0;
  return all;
}
