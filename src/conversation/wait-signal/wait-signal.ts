import { type Clock, type Timer } from '../../common/clock.js';

/** How often it looks whether the line is silent; also how exactly the silence is measured. */
const LOOK_EVERY_MS = 250;
/** From one tone to the next. */
const TONE_EVERY_MS = 3_000;
/** A sentence holds a caller for about this long, the speaking of it included. */
const SENTENCE_LASTS_MS = 6_000;

export interface WaitSignalOptions {
  readonly kind: 'speech' | 'tone' | 'off';
  /** How long a wait may be silent. */
  readonly afterMs: number;
  readonly sentence: string;
}

export interface WaitSignalActions {
  /** Says it without the assistant. @returns false where that is not possible; a rejection means the same. */
  say(sentence: string): Promise<boolean>;
  /** Takes work that nobody waits for. */
  unattended(work: Promise<void>): void;
  /** Plays one tone; it ends by itself. */
  tone(): void;
  /** The caller hears nothing now. */
  silent(): boolean;
}

interface Wait {
  /** Since when the caller has heard nothing; undefined: they hear something. */
  silentSinceMs: number | undefined;
  asked: boolean;
  toned: boolean;
  /** No further signal before this. */
  nextMs: number;
}

/** Fills a wait for the model or a tool, so that the caller does not think the line is dead: a sentence first, then tones. */
export class WaitSignal {
  private wait: Wait | undefined;
  private timer: Timer | undefined;
  private stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly options: WaitSignalOptions,
    private readonly actions: WaitSignalActions,
  ) {}

  /** The caller waits for something, or no longer. Told as often as it is found to be so. */
  waiting(waits: boolean): void {
    if (this.stopped || this.options.kind === 'off' || waits === (this.wait !== undefined)) return;
    if (!waits) {
      this.endWait();
      return;
    }
    this.wait = { silentSinceMs: undefined, asked: false, toned: false, nextMs: this.clock.nowMs() };
    this.look();
  }

  /** The call is over; ends a wait, too. */
  stop(): void {
    this.stopped = true;
    this.endWait();
  }

  private endWait(): void {
    this.timer?.cancel();
    this.wait = undefined;
  }

  private look(): void {
    const { wait } = this;
    if (!wait) return;
    const nowMs = this.clock.nowMs();
    if (this.actions.silent()) wait.silentSinceMs ??= nowMs;
    else wait.silentSinceMs = undefined;
    if (wait.silentSinceMs === undefined) {
      this.lookAt(nowMs + LOOK_EVERY_MS);
      return;
    }
    // The first signal waits out a silence of the full length; the later ones only keep their distance from each other.
    const first = !wait.asked && !wait.toned;
    const dueMs = first ? wait.silentSinceMs + this.options.afterMs : wait.nextMs;
    if (nowMs >= dueMs) this.signal(wait);
    else this.lookAt(Math.min(dueMs, nowMs + LOOK_EVERY_MS));
  }

  private lookAt(atMs: number): void {
    this.timer?.cancel();
    this.timer = this.clock.after(atMs - this.clock.nowMs(), () => this.look());
  }

  private signal(wait: Wait): void {
    const speaks = this.options.kind === 'speech' && !wait.asked;
    this.next(wait, speaks ? SENTENCE_LASTS_MS : TONE_EVERY_MS);
    if (speaks) {
      this.ask(wait);
      return;
    }
    wait.toned = true;
    this.actions.tone();
  }

  private ask(wait: Wait): void {
    wait.asked = true;
    const said = this.actions.say(this.options.sentence).catch(() => false);
    this.actions.unattended(said.then((wasSaid) => this.asked(wait, wasSaid)));
  }

  /** @param said whether the caller hears the sentence, from about now on. */
  private asked(wait: Wait, said: boolean): void {
    if (wait === this.wait && !wait.toned) this.next(wait, said ? SENTENCE_LASTS_MS : 0);
  }

  private next(wait: Wait, inMs: number): void {
    wait.nextMs = this.clock.nowMs() + inMs;
    this.lookAt(Math.min(wait.nextMs, this.clock.nowMs() + LOOK_EVERY_MS));
  }
}
