import { type Clock, type Timer } from '../../src/common/clock.js';
import { type ConversationKeeper, type SavedConversation } from '../../src/conversation/record/saved-conversation.js';

/** One process, which can be killed: its timers do nothing more, and nothing it writes down arrives. */
export class ScriptedProcess implements Clock {
  killed = false;

  constructor(private readonly clock: Clock) {}

  nowMs(): number {
    return this.clock.nowMs();
  }

  after(delayMs: number, action: () => void): Timer {
    return this.clock.after(delayMs, () => {
      if (!this.killed) action();
    });
  }
}

/** Where conversations are written down: what comes back is what JSON makes of it. */
export class ScriptedStore {
  saves = 0;
  private readonly texts = new Map<string, string>();

  get saved(): Map<string, unknown> {
    return new Map([...this.texts].map(([key, text]) => [key, JSON.parse(text) as unknown]));
  }

  /** How a process writes to it. */
  keeper(process: ScriptedProcess): ConversationKeeper {
    return {
      save: (changes: SavedConversation) => {
        if (process.killed) return;
        this.saves++;
        for (const [key, value] of changes) {
          if (value === undefined) this.texts.delete(key);
          else this.texts.set(key, JSON.stringify(value));
        }
      },
    };
  }
}
