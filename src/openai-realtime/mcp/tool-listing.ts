import { type Clock, type Timer } from '../../common/clock.js';
import { type McpServer } from '../../config/tools-setting.js';
import { type ServerItem } from '../server-events.js';

export type ListingProgress = 'in_progress' | 'completed' | 'failed';

export interface ListingSurroundings {
  clock: Clock;
  /** An event named an item that was not shown: has it shown. */
  retrieve(itemId: string): void;
  /** @param why `failed`, or `late` for an essential server that did not answer in its time. */
  missing(label: string, why: 'failed' | 'late'): void;
  /** A server is there after all, after it was reported missing. */
  found(label: string): void;
}

/**
 * The service asks every MCP server for its tools when a session is configured. This knows which have answered; events
 * name the item of the listing, and the item names the server.
 */
export class ToolListing {
  private readonly states = new Map<string, 'listed' | 'missing'>();
  private readonly labels = new Map<string, string>();
  /** What was told of items before they were shown. */
  private readonly early = new Map<string, 'completed' | 'failed'>();
  private readonly asked = new Set<string>();
  private readonly timers: Timer[] = [];
  private waiting: (() => void)[] = [];
  private closed = false;

  constructor(
    private readonly servers: readonly McpServer[],
    private readonly around: ListingSurroundings,
  ) {}

  /** The session is configured: essential servers have their time from now on. */
  begin(): void {
    for (const { label, essential, listTimeoutMs } of this.servers) {
      if (!essential) continue;
      this.timers.push(
        this.around.clock.after(listTimeoutMs, () => {
          if (!this.states.has(label)) this.isMissing(label, 'late');
        }),
      );
    }
  }

  /** Resolves when every essential server has listed its tools, or failed to, or had its time. @returns those missing. */
  async essentialsMissing(): Promise<string[]> {
    if (!this.settled) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.essentials.filter((label) => this.states.get(label) !== 'listed');
  }

  /** An item of type `mcp_list_tools` was shown. */
  item(item: ServerItem, done: boolean): void {
    const { id, server_label: label } = item;
    if (!label) return;
    if (id) {
      this.labels.set(id, label);
      const early = this.early.get(id);
      if (early) this.progress(id, early);
    }
    // A listing that failed may be shown as done too, without tools.
    if (item.error != null) this.isMissing(label, 'failed');
    else if (done && (item.tools?.length ?? 0) > 0) this.isListed(label);
  }

  progress(itemId: string, progress: ListingProgress): void {
    const label = this.labels.get(itemId);
    if (label === undefined) {
      if (progress !== 'in_progress') this.early.set(itemId, progress);
      if (this.asked.has(itemId)) return;
      this.asked.add(itemId);
      this.around.retrieve(itemId);
    } else if (progress === 'completed') this.isListed(label);
    else if (progress === 'failed') this.isMissing(label, 'failed');
  }

  close(): void {
    this.closed = true;
    for (const timer of this.timers) timer.cancel();
    this.wake();
  }

  private get essentials(): string[] {
    return this.servers.filter(({ essential }) => essential).map(({ label }) => label);
  }

  private get settled(): boolean {
    return this.closed || this.essentials.every((label) => this.states.has(label));
  }

  private isListed(label: string): void {
    const before = this.states.get(label);
    if (before === 'listed') return;
    this.states.set(label, 'listed');
    if (before === 'missing') this.around.found(label);
    this.wake();
  }

  private isMissing(label: string, why: 'failed' | 'late'): void {
    if (this.states.get(label) === 'missing') return;
    this.states.set(label, 'missing');
    this.around.missing(label, why);
    this.wake();
  }

  private wake(): void {
    if (!this.settled) return;
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
