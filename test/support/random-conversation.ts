import { type FakeClock } from '../../src/common/fake-clock.js';
import { type SavedConversation } from '../../src/conversation/record/saved-conversation.js';
import { type ConversationObserver, type TurnTimeline } from '../../src/conversation/observer.port.js';
import { FATAL, type GivenSettings, RETRYABLE, ScriptedTool, setUpWith, settle } from './scripted-conversation.js';
import { ScriptedStore } from './scripted-store.js';
import { WatchedModel, WatchedSession } from './watched-session.js';

/** Something that the model does. */
type ModelStep =
  | { do: 'speech' | 'commit nothing' | 'respond' }
  | { do: 'audio'; amount: number }
  | { do: 'done'; status: 'completed' | 'cancelled' | 'failed' | 'incomplete' | 'filtered' | 'fatal' | 'again' }
  | { do: 'tool'; name: string; again: boolean }
  | { do: 'remote' | 'words'; ok: boolean }
  | { do: 'refuse'; code: string; named: boolean };

/** Something that happens to a conversation. */
export type Step =
  | ModelStep
  | { do: 'tool result' | 'close' | 'line back' | 'transfer failed' | 'kill' | 'freeze' | 'thaw' }
  | { do: 'hear' | 'time' | 'noise'; amount: number }
  | { do: 'lose'; fatal: boolean; failures: number }
  | { do: 'key'; key: string; webhook: boolean };

/** Both sides of a conversation, doing whatever they are told in any order. */
export class RandomConversation {
  readonly tools = [new ScriptedTool('lookup'), new ScriptedTool('remind', 'later')];
  around;
  readonly violations: string[] = [];
  /** What was told of the turns, by all processes; what one tells that was killed is heard by nobody. */
  readonly turns: TurnTimeline[] = [];
  /** Outputs that tools have given, by tool call. */
  readonly outputs = new Map<string, string>();
  closed = false;
  frozen = false;
  private readonly store = new ScriptedStore();
  private ids = 0;
  private processes = 0;
  private transfersBack = 0;
  private lastToolCall: { responseId: string; toolCallId: string; name: string } | undefined;

  /** @param given.sessionsLastMs from the opening of each session to its renewal. */
  constructor(private readonly given: GivenSettings & { sessionsLastMs?: number }) {
    this.around = this.process({});
  }

  /** Every response that the model has begun. */
  get responses(): string[] {
    return this.around.model.sessions.flatMap(({ id }) => this.watched(id).begun);
  }

  /** What is written down. */
  get saved(): SavedConversation {
    return this.store.saved;
  }

  /** A process that has the conversation. */
  private process(more: GivenSettings) {
    const { sessionsLastMs = Infinity, ...given } = this.given;
    const make = (clock: FakeClock, takesTurnsItself: boolean): WatchedModel =>
      new WatchedModel(clock, takesTurnsItself, this.violations);
    const number = ++this.processes;
    const observer: ConversationObserver = {
      turnOver: (turn) => {
        if (number === this.processes) this.turns.push(turn);
      },
      sessionOpened: () => undefined,
      modelRefused: () => undefined,
    };
    const around = setUpWith(make, { ...given, ...more, tools: this.tools, store: this.store, observer });
    around.model.lastsMs = sessionsLastMs;
    return around;
  }

  /** The session in use, if any. */
  get session(): WatchedSession | undefined {
    const last = this.around.model.sessions.at(-1);
    return last instanceof WatchedSession && last.listener ? last : undefined;
  }

  watched(sessionId: string): WatchedSession {
    const session = this.around.model.sessions.find(({ id }) => id === sessionId);
    if (!(session instanceof WatchedSession)) throw new Error(`there is no ${sessionId}`);
    return session;
  }

  get away(): boolean {
    return this.around.call.transfers.length > this.transfersBack;
  }

  async begin(): Promise<void> {
    this.around.conversation.begin();
    await settle();
  }

  async take(step: Step): Promise<void> {
    this.act(step);
    await settle();
  }

  /** Everything that is under way comes to its end. */
  async finishAll(): Promise<void> {
    const { session } = this;
    if (session) {
      if (session.speech) {
        this.speech(session);
        if (session.speech) this.speech(session);
      }
      for (const itemId of session.unwritten.splice(0)) session.tells.callerTranscript(itemId, 'Words.', undefined);
      for (const id of session.remote) session.tells.remoteToolDone(id, 'remote', true);
      session.remote.clear();
      if (!session.active) this.respond(session);
      if (session.active && !session.active.cancelled && session.listener) this.audio(session, 500);
      this.done(session, 'completed');
    }
    for (const tool of this.tools) while (tool.waits) await this.answer(tool);
    this.around.line.hears(100_000);
    await settle();
  }

  private act(step: Step): void {
    const { line, conversation, clock, model } = this.around;
    const { session } = this;
    switch (step.do) {
      case 'hear':
        return line.hears(step.amount);
      case 'time':
        return clock.advance(step.amount);
      case 'noise':
        return line.says(Math.ceil(step.amount / 100));
      case 'key':
        if (step.webhook) return conversation.keyFromWebhook(step.key, undefined);
        return line.presses(step.key);
      case 'tool result':
        return this.answerOne();
      case 'close':
        this.closed = true;
        return conversation.close();
      case 'kill':
        return this.kill();
      case 'freeze':
        this.frozen = !this.closed;
        return conversation.freeze();
      case 'thaw':
        this.frozen = false;
        return conversation.thaw();
      case 'line back':
        return line.listener?.lineBack();
      case 'transfer failed':
        if (!this.away || this.closed) return;
        this.transfersBack++;
        return conversation.backFromTransfer('no-answer');
      case 'lose':
        if (!session) return;
        for (let i = 0; i < step.failures; i++) model.failures.push(RETRYABLE);
        return session.loses(step.fatal ? FATAL : RETRYABLE);
      default:
        if (session) this.tell(session, step);
    }
  }

  /** The process is killed, and another one goes on. */
  private kill(): void {
    if (this.closed || this.around.call.ends.length > 0) return;
    this.around.kill();
    for (const tool of this.tools) tool.abandon();
    const written = JSON.stringify([...this.saved]);
    for (const [toolCallId, output] of this.outputs) {
      if (!written.includes(JSON.stringify(output).slice(1, -1))) this.outputs.delete(toolCallId);
    }
    this.transfersBack = 0;
    this.frozen = false;
    this.lastToolCall = undefined;
    this.around = this.process({ clock: this.around.clock, saved: this.saved });
    this.around.conversation.begin();
  }

  /** What the model does. */
  private tell(session: WatchedSession, step: ModelStep): void {
    const { tells } = session;
    switch (step.do) {
      case 'speech':
        return this.speech(session);
      case 'commit nothing':
        if (session.speech?.over) session.speech = undefined;
        return;
      case 'respond':
        return this.respond(session);
      case 'audio':
        return this.audio(session, step.amount);
      case 'done':
        if (step.status === 'again') session.done(session.lastDoneId);
        else this.done(session, step.status);
        return;
      case 'tool':
        return this.tool(session, step.name, step.again);
      case 'remote':
        if (session.remote.size === 0 || step.ok) {
          const id = `remote-${++this.ids}`;
          session.remote.add(id);
          return tells.remoteToolBegun(id, 'remote');
        }
        for (const id of session.remote) tells.remoteToolDone(id, 'remote', false);
        return session.remote.clear();
      case 'words': {
        const itemId = session.unwritten.shift();
        if (itemId === undefined) return;
        return step.ok ? tells.callerTranscript(itemId, 'Words.', undefined) : tells.callerTranscriptFailed(itemId);
      }
      case 'refuse': {
        const ofOurs = step.code !== 'response_cancel_not_active';
        const requestId = ofOurs ? session.openRequests.shift() : undefined;
        return tells.refused(step.code, step.named ? (requestId ?? 'something') : undefined);
      }
    }
  }

  private speech(session: WatchedSession): void {
    const { tells, speech } = session;
    if (!speech) {
      const itemId = `turn-${++this.ids}`;
      session.speech = { itemId, over: false };
      if (session.takesTurnsItself && session.active) session.active.cancelled = true;
      tells.speechStarted(itemId);
    } else if (!speech.over) {
      speech.over = true;
      tells.speechStopped(speech.itemId);
    } else {
      session.speech = undefined;
      session.commits(speech.itemId);
    }
  }

  private respond(session: WatchedSession): void {
    const [requestId] = session.openRequests;
    const refused = session.active !== undefined || session.ownResponseDue;
    if (!session.active) {
      if (!session.ownResponseDue && requestId === undefined) return;
      session.ownResponseDue = false;
      if (!refused) session.openRequests.shift();
      session.begins(`response-${++this.ids}`);
    }
    if (!refused || requestId === undefined || session.openRequests.shift() === undefined) return;
    session.tells.refused('conversation_already_has_active_response', requestId);
  }

  private audio(session: WatchedSession, ms: number): void {
    const { active } = session;
    if (!active) return;
    if (active.items === 0 || ms % 2 === 0) active.items++;
    session.speaks(active.id, `${active.id}-${active.items}`, ms);
  }

  private done(session: WatchedSession, status: Extract<Step, { do: 'done' }>['status']): void {
    const { active } = session;
    if (!active) return;
    session.active = undefined;
    session.lastDoneId = active.id;
    if (active.cancelled) return session.done(active.id, 'cancelled');
    if (status === 'filtered') return session.done(active.id, 'incomplete', undefined, undefined, 'content_filter');
    if (status === 'fatal') return session.done(active.id, 'failed', FATAL);
    if (status !== 'again') session.done(active.id, status, status === 'failed' ? RETRYABLE : undefined);
  }

  private tool(session: WatchedSession, name: string, again: boolean): void {
    if (again && this.lastToolCall) {
      const { responseId, toolCallId } = this.lastToolCall;
      session.calls(responseId, toolCallId, this.lastToolCall.name);
      return;
    }
    if (!session.active) this.respond(session);
    if (!session.active) return;
    this.lastToolCall = { responseId: session.active.id, toolCallId: `call-${++this.ids}`, name };
    session.calls(session.active.id, this.lastToolCall.toolCallId, name, ARGUMENTS[name] ?? '{}');
  }

  private answerOne(): void {
    const tool = this.tools.find(({ waits }) => waits > 0);
    if (tool) void this.answer(tool);
  }

  private answer(tool: ScriptedTool): Promise<void> {
    const run = tool.runs[tool.runs.length - tool.waits];
    if (!run) return Promise.resolve();
    const output = `"output of ${run.toolCallId}."`;
    this.outputs.set(run.toolCallId, output);
    return tool.answers(output);
  }
}

const ARGUMENTS: Record<string, string> = { transfer: '{"to":"sales"}', send_keys: '{"keys":"12#"}' };
