import { type Logger } from 'pino';
import { type Clock } from '../../common/clock.js';
import { type ModelSession, type ToolCall } from '../model.port.js';
import { lateResult } from '../notes.js';
import { type Transcript } from '../record/transcript.js';
import { type Timekeeper } from '../timeline/timekeeper.js';
import { AnswerGroup } from './answer-group.js';
import { ModelSideTools } from './model-side-tools.js';
import { type OwnTool, type ToolBox, type ToolOutcome } from './tool.port.js';

/** Tools that Parley brings itself. */
export interface BuiltInTools {
  has(name: string): boolean;
  /** @returns `waits`: the model waits for its outcome; `ends`: what it does ends the assistant's part of the call. */
  run(call: ToolCall): 'waits' | 'ends' | 'unknown';
}

export interface ToolDeskSurroundings {
  /** The phone call. */
  callId: string;
  clock: Clock;
  log: Logger;
  toolBox: ToolBox;
  builtIn: BuiltInTools;
  transcript: Transcript;
  timekeeper: Timekeeper;
  /** The present session, if there is one. */
  session(): ModelSession | undefined;
  /** The response that the model is writing. */
  presentResponseId(): string | undefined;
  /** The model is to be asked for an answer. */
  ask(): void;
  /** Something that others decide upon may have changed. */
  changed(): void;
  /** A tool is about to run, and is not to run again in another process. */
  beforeRun(): void;
  /** Takes work that nobody waits for. */
  unattended(work: Promise<void>): void;
}

/** A call whose outcome has not been told. */
interface OpenCall {
  call: ToolCall;
  group: AnswerGroup;
  /**
   * `awaited`: the session waits for the output. `untold`: that session is gone, and the next one will be told with the
   * conversation. `told`: the model has been told something in its place, and goes on: the outcome will be news.
   */
  state: 'awaited' | 'untold' | 'told';
  /** The caller waits for it, too. */
  holdsUp: boolean;
}

/** More tools at once than any answer needs; a model that loops must not flood somebody's server. */
const MAX_RUNNING = 16;

const UNKNOWN_NAME = 'unknown';
const UNKNOWN_TOOL = '{"error":"There is no such tool."}';
const TOO_MANY = '{"error":"Too many tools are running. Wait for their results."}';
const STARTED = '{"status":"started","note":"The result will be told to you when it is there. Go on until then."}';

/**
 * Runs the tools that the model calls and brings their outputs back, each exactly once: to the session that asked, or, when
 * that is gone, to the conversation in the next one. Nothing is ever run twice.
 */
export class ToolDesk {
  readonly modelSide: ModelSideTools;
  private readonly groups = new Map<string, AnswerGroup>();
  private readonly open = new Map<string, OpenCall>();
  private readonly seen = new Set<string>();
  private readonly over = new AbortController();
  private running = 0;

  constructor(private readonly around: ToolDeskSurroundings) {
    this.modelSide = new ModelSideTools(around);
  }

  /** The model waits for a result before it can answer. */
  get waiting(): boolean {
    for (const { state, holdsUp } of this.open.values()) if (holdsUp && state !== 'told') return true;
    return this.modelSide.waiting;
  }

  called(call: ToolCall): void {
    const { toolCallId, name, responseId, argumentsText } = call;
    // A call is run once, whatever is told twice.
    if (this.seen.has(toolCallId)) return;
    this.seen.add(toolCallId);
    const group = this.groupOf(responseId);
    group.begun();
    this.around.transcript.toolCalled(toolCallId, name, argumentsText);
    const open: OpenCall = { call, group, state: 'awaited', holdsUp: false };
    this.open.set(toolCallId, open);
    this.tellBegun(call);
    this.around.beforeRun();
    const builtIn = this.around.builtIn.run(call);
    if (builtIn === 'unknown') this.runOwn(open);
    else open.holdsUp = builtIn === 'waits';
  }

  /** Something for the model to go on with; the outcome will be told later. It is asked to speak about it. */
  announce(call: ToolCall, output: string): void {
    this.goOnWith(call, output, true);
  }

  /**
   * What came of a tool.
   * @param wantsAnswer whether the model should speak about it.
   * @param error a word for what went wrong, of bounded number; undefined: nothing.
   */
  done(call: ToolCall, output: string, wantsAnswer: boolean, error?: string): void {
    const open = this.open.get(call.toolCallId);
    if (!open || this.over.signal.aborted) return;
    this.open.delete(call.toolCallId);
    this.around.transcript.toolAnswered(call.toolCallId, output);
    this.around.timekeeper.toolDone(call.toolCallId, error);
    if (open.state === 'awaited') {
      this.around.session()?.giveToolOutput(call.toolCallId, output);
      open.group.done(wantsAnswer);
    } else {
      if (open.state === 'told') {
        this.around.session()?.remember({ role: 'system', text: lateResult(call.name, output) });
      }
      if (wantsAnswer) this.around.ask();
    }
  }

  responseOver(responseId: string): void {
    this.groups.get(responseId)?.responseOver();
    this.groups.delete(responseId);
    this.modelSide.responseOver();
  }

  /**
   * The session is gone, and with it the calls it waits for.
   * @returns whether the model owed an answer to any of them.
   */
  sessionLost(): boolean {
    let owed = this.modelSide.sessionLost();
    for (const open of this.open.values()) {
      if (open.state === 'awaited' && open.group.wantsAnswer) owed = true;
      open.state = 'untold';
    }
    for (const group of this.groups.values()) owed ||= group.wantsAnswer;
    this.groups.clear();
    return owed;
  }

  /** The next session has been told of the conversation; what still runs was told as of unknown outcome. */
  sessionResumed(): void {
    for (const open of this.open.values()) open.state = 'told';
  }

  /** The call is over: nobody waits for results any more. */
  stop(): void {
    this.over.abort();
    this.groups.clear();
    this.open.clear();
    this.modelSide.stop();
  }

  private tellBegun({ toolCallId, name, responseId }: ToolCall): void {
    const { builtIn, toolBox, timekeeper } = this.around;
    const kind = builtIn.has(name) ? 'built-in' : 'http';
    const known = kind === 'built-in' || toolBox.find(name) !== undefined;
    // What the model makes up is no name for a figure, and may be the caller's words.
    timekeeper.toolBegun(toolCallId, known ? name : UNKNOWN_NAME, kind, { responseId });
  }

  private runOwn(open: OpenCall): void {
    const { call, group } = open;
    group.wantsAnswer = true;
    const tool = this.around.toolBox.find(call.name);
    if (!tool || this.running >= MAX_RUNNING) {
      this.around.log.warn({ tool: tool?.name, known: tool !== undefined }, 'tool call refused');
      this.done(call, tool ? TOO_MANY : UNKNOWN_TOOL, true, tool ? 'too-many' : 'unknown-tool');
      return;
    }
    open.holdsUp = true;
    this.around.unattended(this.run(call, tool));
  }

  private async run(call: ToolCall, tool: OwnTool): Promise<void> {
    const { clock, log } = this.around;
    const begunMs = clock.nowMs();
    if (tool.result === 'later') this.goOnWith(call, STARTED, true);
    this.running++;
    const outcome = await this.outcomeOf(call, tool);
    this.running--;
    if (this.over.signal.aborted) return;
    const tookMs = Math.round(clock.nowMs() - begunMs);
    if (outcome.ok) log.info({ tool: tool.name, tookMs }, 'tool done');
    else log.warn({ tool: tool.name, tookMs, error: outcome.error }, 'tool failed');
    this.done(call, outcome.output, true, outcome.ok ? undefined : (outcome.error ?? 'failed'));
    this.around.changed();
  }

  private async outcomeOf({ argumentsText, toolCallId }: ToolCall, tool: OwnTool): Promise<ToolOutcome> {
    const identity = { callId: this.around.callId, toolCallId };
    try {
      return await tool.run(argumentsText, identity, this.over.signal);
    } catch {
      return { ok: false, output: '{"error":"The tool could not be run."}', error: 'internal-error' };
    }
  }

  private goOnWith(call: ToolCall, output: string, wantsAnswer: boolean): void {
    const open = this.open.get(call.toolCallId);
    if (open?.state !== 'awaited') return;
    open.state = 'told';
    this.around.transcript.toolAnswered(call.toolCallId, output, true);
    this.around.session()?.giveToolOutput(call.toolCallId, output);
    open.group.done(wantsAnswer);
  }

  private groupOf(responseId: string): AnswerGroup {
    let group = this.groups.get(responseId);
    if (!group) {
      group = new AnswerGroup(() => this.around.ask());
      // Told after its response, against the rule: there is no end of it to wait for.
      if (this.around.presentResponseId() === responseId) this.groups.set(responseId, group);
      else group.responseOver();
    }
    return group;
  }
}
