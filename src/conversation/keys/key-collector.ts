import { type Clock, type Timer } from '../../common/clock.js';
import { asPressed, type PressedKey } from './pressed-key.js';

/** Longer than any number people key in; a stuck key or a fax machine must not fill the conversation. */
const MOST_KEYS = 64;

/** What ended an entry: its terminator key, a pause, or its length. */
export type EntryEnd = 'terminator' | 'pause' | 'full';

/** Collects single keys into what the caller meant to enter. */
export class KeyCollector {
  private keys: PressedKey[] = [];
  private timer: Timer | undefined;
  private stopped = false;

  /**
   * @param options.terminator the key that ends an entry; undefined: only the pause does.
   * @param options.pauseMs this long without another key ends an entry.
   * @param entered called with at least one key; the terminator is not among them, unless it is all that was pressed.
   */
  constructor(
    private readonly clock: Clock,
    private readonly options: { readonly terminator: string | undefined; readonly pauseMs: number },
    private readonly entered: (keys: string, ended: EntryEnd) => void,
  ) {}

  /** An entry has begun and not ended. */
  get pending(): boolean {
    return this.keys.length > 0;
  }

  /** The keys of that entry so far. */
  get pendingKeys(): string {
    return asText(this.keys);
  }

  press(key: PressedKey): void {
    if (this.stopped) return;
    this.timer?.cancel();
    if (key.digit === this.options.terminator) {
      if (!this.pending) this.keys.push(key);
      this.end('terminator');
      return;
    }
    this.keys.push(key);
    if (this.keys.length >= MOST_KEYS) this.end('full');
    else this.timer = this.clock.after(this.options.pauseMs, () => this.end('pause'));
  }

  /** Ends the entry now, as a pause would. */
  flush(): void {
    this.timer?.cancel();
    if (this.pending) this.end('pause');
  }

  /** The call is over; nothing is delivered any more. */
  stop(): void {
    this.stopped = true;
    this.keys = [];
    this.timer?.cancel();
  }

  private end(ended: EntryEnd): void {
    const keys = asText(this.keys);
    this.keys = [];
    this.entered(keys, ended);
  }
}

function asText(keys: readonly PressedKey[]): string {
  return asPressed(keys)
    .map(({ digit }) => digit)
    .join('');
}
