import { type Clock, type Timer } from '../../common/clock.js';
import { type ToolWords } from '../../conversation/observer.port.js';
import { type ServerItem } from '../server-events.js';

export type CallProgress = 'in_progress' | 'completed' | 'failed';

export interface RemoteToolsSurroundings {
  clock: Clock;
  /** @param words filled in as they become known, which may be after its end. */
  begun(id: string, name: string, words: ToolWords): void;
  done(id: string, name: string, ok: boolean): void;
  /** The service asks whether it may call a tool. @returns what it is told. */
  mayCall(label: string, name: string): boolean;
  answerApproval(requestId: string, approve: boolean): void;
}

/** An approved call that has not begun by then is one that the service makes only in a response. */
const RUN_WAIT_MS = 1_000;
/** No call of a tool is waited for longer than this: the caller is on the line. */
const RESULT_WAIT_MS = 60_000;

/** A call as the conversation knows it, from its first sign, be it the call or the request for approval, to its end. */
interface RemoteTool {
  /** As told to the conversation. */
  id: string;
  label: string;
  name: string;
  responseId: string | undefined;
  /** The service has begun to call the server. */
  running: boolean;
  /** The service has asked about it, by this item. */
  requestId: string | undefined;
  /** For whoever has leave to look at them; neither logged nor looked at here. */
  words: ToolWords;
  resultTimer: Timer;
  runTimer: Timer | undefined;
}

/**
 * Calls of MCP tools, which the service makes by itself: tells when each begins and ends, once, and answers requests for
 * approval. The same call is shown by several events in an order that is not documented, and those that were cut off
 * with their response have no end of their own.
 */
export class RemoteTools {
  /** Calls that have not ended, by the items that stand for them: the call's, the request's, or both. */
  private readonly open = new Map<string, RemoteTool>();
  /** Every item that ever stood for a call. */
  private readonly seen = new Set<string>();
  /** Of calls whose item was not shown complete: that may come after their end. */
  private readonly words = new Map<string, ToolWords>();
  private activeResponseId: string | undefined;
  private closed = false;

  constructor(private readonly around: RemoteToolsSurroundings) {}

  responseCreated(responseId: string): void {
    this.activeResponseId = responseId;
  }

  responseDone(responseId: string, completed: boolean): void {
    if (this.activeResponseId === responseId) this.activeResponseId = undefined;
    for (const tool of new Set(this.open.values())) {
      if (tool.running) continue;
      if (tool.requestId !== undefined) this.awaitRun(tool);
      else if (!completed && tool.responseId === responseId) this.end(tool, false);
    }
  }

  /** An item of type `mcp_call` was shown. */
  call(item: ServerItem, done: boolean, responseId: string | undefined): void {
    const { id, approval_request_id: requestId } = item;
    if (!id || this.closed) return;
    const tool = this.open.get(id) ?? this.approved(id, requestId) ?? this.begin(id, item, responseId);
    this.write(item);
    if (!tool || !done) return;
    if (item.error != null) this.end(tool, false);
    // Without either it was cut off, or its result is still to come.
    else if (item.output != null) this.end(tool, true);
  }

  progress(itemId: string, progress: CallProgress): void {
    if (this.closed) return;
    const tool = this.open.get(itemId) ?? this.begin(itemId, undefined, undefined);
    if (!tool) return;
    tool.running = true;
    tool.runTimer?.cancel();
    if (progress !== 'in_progress') this.end(tool, progress === 'completed');
  }

  /** An item of type `mcp_approval_request` is complete. */
  approvalRequest(item: ServerItem, responseId: string | undefined): void {
    const { id, server_label: label, name } = item;
    if (!id || this.closed || this.seen.has(id)) return;
    const shown = [...this.open.values()].find(
      (tool) => !tool.running && tool.requestId === undefined && tool.label === label && tool.name === name,
    );
    const tool = shown ?? this.begin(id, item, responseId);
    if (!tool) return;
    this.seen.add(id);
    this.open.set(id, tool);
    tool.requestId = id;
    const approve = this.around.mayCall(label ?? '', name ?? '');
    this.around.answerApproval(id, approve);
    if (approve) this.awaitRun(tool);
    else this.end(tool, false);
  }

  /** Nobody waits for any call any more, and no further one is approved. */
  close(): void {
    this.closed = true;
    for (const tool of this.open.values()) stopTimers(tool);
    this.open.clear();
    this.words.clear();
  }

  private begin(id: string, item: ServerItem | undefined, responseId: string | undefined): RemoteTool | undefined {
    if (this.seen.has(id)) return undefined;
    this.seen.add(id);
    const tool: RemoteTool = {
      id,
      label: item?.server_label ?? '',
      name: item?.name ?? 'unknown',
      responseId: responseId ?? this.activeResponseId,
      running: false,
      requestId: undefined,
      words: { argumentsText: item?.arguments ?? '', output: undefined },
      resultTimer: this.around.clock.after(RESULT_WAIT_MS, () => this.end(tool, false)),
      runTimer: undefined,
    };
    this.open.set(id, tool);
    this.words.set(id, tool.words);
    this.around.begun(tool.id, tool.name, tool.words);
    return tool;
  }

  /** The call that was asked about begins, as an item of its own. */
  private approved(id: string, requestId: string | null | undefined): RemoteTool | undefined {
    const tool = requestId ? this.open.get(requestId) : undefined;
    if (!tool) return undefined;
    this.seen.add(id);
    this.open.set(id, tool);
    this.words.set(id, tool.words);
    tool.running = true;
    tool.runTimer?.cancel();
    return tool;
  }

  private write({ id, arguments: argumentsText, output, error }: ServerItem): void {
    const words = this.words.get(id ?? '');
    if (!words) return;
    if (argumentsText) words.argumentsText = argumentsText;
    if (output == null && error == null) return;
    words.output = output ?? undefined;
    this.words.delete(id ?? '');
  }

  private awaitRun(tool: RemoteTool): void {
    tool.runTimer?.cancel();
    if (this.activeResponseId !== undefined) return;
    tool.runTimer = this.around.clock.after(RUN_WAIT_MS, () => {
      // Done as far as anybody can wait for it: in the response that is asked for now, it is called.
      if (this.activeResponseId === undefined) this.end(tool, true);
    });
  }

  private end(tool: RemoteTool, ok: boolean): void {
    stopTimers(tool);
    for (const [itemId, other] of this.open) if (other === tool) this.open.delete(itemId);
    this.around.done(tool.id, tool.name, ok);
  }
}

function stopTimers({ resultTimer, runTimer }: RemoteTool): void {
  resultTimer.cancel();
  runTimer?.cancel();
}
