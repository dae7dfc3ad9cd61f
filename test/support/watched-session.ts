import { type FakeClock } from '../../src/common/fake-clock.js';
import { STILL_THERE } from '../../src/conversation/notes.js';
import { type HistoryItem, type ModelListener, type ResponseOptions } from '../../src/conversation/model.port.js';
import { ScriptedModel, ScriptedSession } from './scripted-conversation.js';

interface Active {
  id: string;
  cancelled: boolean;
  items: number;
}

/** A session that keeps the service's account of what it was told, and complains about what the service would refuse. */
export class WatchedSession extends ScriptedSession {
  active: Active | undefined;
  /** Requests for a response that have been neither begun nor refused. */
  readonly openRequests: string[] = [];
  /** The service answers a turn by itself, and has not begun to. */
  ownResponseDue = false;
  speech: { itemId: string; over: boolean } | undefined;
  readonly begun: string[] = [];
  readonly unwritten: string[] = [];
  readonly remote = new Set<string>();
  /** What the session was told, and whether that was news and not what was said before it. */
  readonly told: { text: string; news: boolean }[] = [];
  /** Something is there that has to be answered, and no response has begun since. */
  unanswered: string | undefined;
  private conversationTold = false;
  /** It is being told of what was before it, notes that nobody has answered to among them. */
  private justOpened = false;
  lastDoneId = 'unknown';

  constructor(
    id: string,
    takesTurnsItself: boolean,
    private readonly violations: string[],
  ) {
    super(id, takesTurnsItself);
  }

  override listen(listener: ModelListener): void {
    super.listen(listener);
    this.justOpened = true;
    queueMicrotask(() => (this.justOpened = false));
  }
  override createResponse(options?: ResponseOptions): string {
    if (this.closed) this.violations.push('a closed session is asked for a response');
    if (this.active) this.violations.push('a second response is asked for while one is written');
    if (this.openRequests.length > 0) this.violations.push('a second response is asked for behind another');
    const id = super.createResponse(options);
    this.openRequests.push(id);
    return id;
  }
  override cancelResponse(responseId: string): void {
    super.cancelResponse(responseId);
    if (this.active?.id === responseId) this.active.cancelled = true;
  }
  override giveToolOutput(toolCallId: string, output: string): void {
    super.giveToolOutput(toolCallId, output);
    this.told.push({ text: output, news: true });
  }
  override remember(item: HistoryItem): void {
    super.remember(item);
    const text = item.role === 'tool' ? item.output : item.text;
    this.told.push({ text, news: this.conversationTold });
    if (text === STILL_THERE && this.unanswered !== undefined && !this.justOpened) {
      this.violations.push(
        `the caller is asked whether they are there, and waits for an answer to: ${this.unanswered}`,
      );
    }
    if (this.conversationTold) this.unanswered = text;
    // The first word to the model itself ends what was said before.
    this.conversationTold ||= item.role === 'system';
  }
  begins(id: string): void {
    this.active = { id, cancelled: false, items: 0 };
    this.begun.push(id);
    this.tells.responseCreated(id);
    if (!this.active.cancelled) this.unanswered = undefined;
  }
  commits(itemId: string): void {
    this.unwritten.push(itemId);
    this.ownResponseDue = this.takesTurnsItself;
    this.unanswered = itemId;
    this.tells.turnCommitted(itemId);
    if (this.log.includes(`delete ${itemId}`)) this.unanswered = undefined;
  }
}

export class WatchedModel extends ScriptedModel {
  /** @param violations what must not happen, whatever the other side does. */
  constructor(
    clock: FakeClock,
    takesTurnsItself: boolean,
    private readonly violations: string[],
  ) {
    super(clock, takesTurnsItself);
  }

  protected override newSession(id: string, takesTurnsItself: boolean): WatchedSession {
    const session = new WatchedSession(id, takesTurnsItself, this.violations);
    const before = this.sessions.at(-1);
    if (before instanceof WatchedSession) session.unanswered = before.unanswered;
    return session;
  }
}
