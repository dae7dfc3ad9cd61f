import { type RestReply } from './rest-server.js';

interface Seen {
  readonly reply: RestReply;
  readonly untilMs: number;
}

/** Commands that were accepted lately: one with the same `command_id` gets the same answer and has no second effect. */
export class CommandIds {
  private readonly seen = new Map<string, Seen>();

  /** @param scope the call, or `dial`: ids of dials count for the whole account */
  find(nowMs: number, scope: string, commandId: unknown): RestReply | undefined {
    if (typeof commandId !== 'string') return undefined;
    const hit = this.seen.get(`${scope} ${commandId}`);
    return hit !== undefined && hit.untilMs > nowMs ? hit.reply : undefined;
  }

  remember(nowMs: number, scope: string, commandId: unknown, reply: RestReply, forMs: number): void {
    if (typeof commandId !== 'string') return;
    // Oldest first, all with much the same life, so only the head of the map can be over.
    for (const [key, { untilMs }] of this.seen) {
      if (untilMs > nowMs) break;
      this.seen.delete(key);
    }
    this.seen.set(`${scope} ${commandId}`, { reply, untilMs: nowMs + forMs });
  }
}
