import { type Clock, type Timer } from '../../common/clock.js';
import { asPressed, type PressedKey } from './pressed-key.js';

/** How long the webhook's first key waits for the media stream to bring the same press, the shorter of the two ways. */
const MEDIA_WITHIN_MS = 1_500;
/** More than anyone presses in that time (a tone and its pause take 80 ms at least), so the media stream brings none. */
const MOST_KEPT = 32;

/**
 * Takes keys from one of the two ways they may come, the same for the whole call. Presses that come both ways are not
 * matched by time, because nothing tells a second 1 from the first one told twice.
 */
export class KeySource {
  private source: 'media' | 'webhook' | undefined;
  private readonly kept: PressedKey[] = [];
  private timer: Timer | undefined;
  private stopped = false;
  private ignoredKeys = 0;

  /**
   * @param source `auto`: the media stream, once it brings a key; the webhook, when it brings a key and the stream does not.
   * @param deliver called for each key of the source, once.
   */
  constructor(
    private readonly clock: Clock,
    source: 'auto' | 'media' | 'webhook',
    private readonly deliver: (key: PressedKey) => void,
  ) {
    this.source = source === 'auto' ? undefined : source;
  }

  /** How many keys came the other way and were dropped. */
  get ignored(): number {
    return this.ignoredKeys;
  }

  /** Keys wait to be told from the other way. */
  get pending(): boolean {
    return this.source === undefined && this.kept.length > 0;
  }

  fromMedia(key: PressedKey): void {
    if (this.stopped) return;
    if (this.source === undefined) {
      this.decide('media');
      this.ignoredKeys += this.kept.length;
    }
    if (this.source === 'media') this.deliver(key);
    else this.ignoredKeys++;
  }

  fromWebhook(key: PressedKey): void {
    if (this.stopped) return;
    if (this.source === undefined) this.keep(key);
    else if (this.source === 'webhook') this.deliver(key);
    else this.ignoredKeys++;
  }

  /** The call is over; nothing is delivered any more, kept keys neither. */
  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  private keep(key: PressedKey): void {
    this.kept.push(key);
    this.timer ??= this.clock.after(MEDIA_WITHIN_MS, () => this.mediaBringsNone());
    if (this.kept.length >= MOST_KEPT) this.mediaBringsNone();
  }

  private mediaBringsNone(): void {
    this.decide('webhook');
    for (const key of asPressed(this.kept)) if (!this.stopped) this.deliver(key);
  }

  private decide(source: 'media' | 'webhook'): void {
    this.source = source;
    this.timer?.cancel();
  }
}
