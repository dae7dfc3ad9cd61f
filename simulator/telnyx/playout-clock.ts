/** A stretch of audio that was played without a break. */
export interface PlayedSegment {
  /** What was played; empty when the clock does not keep audio. */
  readonly bytes: Buffer;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** A silence between two played segments. `afterClear`: the app emptied the queue; otherwise the queue ran dry. */
export interface PlayoutGap {
  readonly fromMs: number;
  readonly toMs: number;
  readonly afterClear: boolean;
}

export interface PlayoutClockOptions {
  /** Bytes played per millisecond: 8 for G.711. */
  readonly rate: number;
  /** `false` counts only, for load tests: 8 kB per second of each call are not kept. Default `true`. */
  readonly keepAudio?: boolean;
}

interface Run {
  readonly offset: number;
  readonly startedAtMs: number;
  readonly afterClear: boolean;
}

interface PendingMark {
  readonly name: string;
  readonly dueAtMs: number;
}

/** Absorbs the rounding of `double` milliseconds; a hundredth of a sample is inaudible and uncountable. */
const ROUNDING_BYTES = 0.01;

const EMPTY = Buffer.alloc(0);

/**
 * Telnyx's play-out queue for one media stream, as a function of the times it is told.
 *
 * Media plays in order and in real time: at once when the queue is idle, else after what is queued. A mark is due when the
 * media before it has been played, at once when there is none. `clear` drops what has not been played and hands back every
 * mark that was still waiting (AsyncAPI of Telnyx media streaming).
 *
 * Holds no timer and reads no clock: every method takes the caller's `nowMs`, which must come from one monotonic source.
 * A time earlier than the last one counts as the last one.
 *
 * Since a chunk that arrives at an idle queue starts then and there, only the newest run can be unplayed. So all audio lies
 * on one tape and "what was played" is one subtraction, exact to the sample.
 */
export class PlayoutClock {
  private readonly rate: number;
  private readonly keepAudio: boolean;
  private readonly runs: Run[] = [];
  private readonly marks: PendingMark[] = [];
  private tape = EMPTY;
  private tapeBytes = 0;
  private lastNowMs = -Infinity;
  private played = 0;
  private cleared = false;

  constructor(options: PlayoutClockOptions) {
    this.rate = options.rate;
    this.keepAudio = options.keepAudio ?? true;
  }

  /** Adds audio to the end of the queue. */
  media(nowMs: number, bytes: Uint8Array): void {
    const now = this.moveTo(nowMs);
    if (bytes.length === 0) return;
    if (this.runs.length === 0 || now > this.idleAtMs) {
      this.runs.push({ offset: this.tapeBytes, startedAtMs: now, afterClear: this.cleared });
    }
    this.cleared = false;
    if (this.keepAudio) this.append(bytes);
    this.tapeBytes += bytes.length;
  }

  /** Puts a mark behind everything that is queued. It comes back from `advance` or `clear`, never from here. */
  mark(nowMs: number, name: string): void {
    const now = this.moveTo(nowMs);
    this.marks.push({ name, dueAtMs: Math.max(now, this.idleAtMs) });
  }

  /**
   * Empties the queue. The part of a chunk that was already played stays played.
   * @returns every mark that had not been returned before, in order
   */
  clear(nowMs: number): string[] {
    this.moveTo(nowMs);
    if (this.queuedBytes > 0) {
      this.tapeBytes = this.played;
      const run = this.runs.at(-1);
      if (run?.offset === this.tapeBytes) this.runs.pop();
    }
    this.cleared = true;
    return this.marks.splice(0).map((mark) => mark.name);
  }

  /** @returns the marks that are due at `nowMs` and were not returned before, in order */
  advance(nowMs: number): string[] {
    const now = this.moveTo(nowMs);
    let due = 0;
    while (due < this.marks.length && (this.marks[due]?.dueAtMs ?? Infinity) <= now) due++;
    return due === 0 ? [] : this.marks.splice(0, due).map((mark) => mark.name);
  }

  /** Brings the counters up to `nowMs` without handing out marks. */
  settle(nowMs: number): void {
    this.moveTo(nowMs);
  }

  /** When `advance` will next return a mark, or `undefined` when none is waiting. */
  nextEventAtMs(): number | undefined {
    return this.marks[0]?.dueAtMs;
  }

  /** When the queue runs (or ran) dry; `-Infinity` before the first audio. */
  get idleAtMs(): number {
    const run = this.runs.at(-1);
    return run === undefined ? -Infinity : run.startedAtMs + (this.tapeBytes - run.offset) / this.rate;
  }

  /** Bytes played until the last time that was told. */
  get playedBytes(): number {
    return this.played;
  }

  /** Bytes that wait, or the rest of the chunk that is being played. */
  get queuedBytes(): number {
    return this.tapeBytes - this.played;
  }

  get pendingMarks(): number {
    return this.marks.length;
  }

  /** What was played so far; audio without a break between is one segment, however many chunks it came in. */
  get playedSegments(): PlayedSegment[] {
    const segments: PlayedSegment[] = [];
    for (const [index, run] of this.runs.entries()) {
      const end = Math.min(this.runs[index + 1]?.offset ?? this.tapeBytes, this.played);
      if (end <= run.offset) continue;
      segments.push({
        bytes: this.keepAudio ? this.tape.subarray(run.offset, end) : EMPTY,
        startedAtMs: run.startedAtMs,
        endedAtMs: run.startedAtMs + (end - run.offset) / this.rate,
      });
    }
    return segments;
  }

  /** The silences between played segments. Telnyx has no packet to play in them. */
  get gaps(): PlayoutGap[] {
    const gaps: PlayoutGap[] = [];
    for (let index = 1; index < this.runs.length; index++) {
      const before = this.runs[index - 1];
      const after = this.runs[index];
      if (before === undefined || after === undefined) continue;
      const fromMs = before.startedAtMs + (after.offset - before.offset) / this.rate;
      gaps.push({ fromMs, toMs: after.startedAtMs, afterClear: after.afterClear });
    }
    return gaps;
  }

  /**
   * Copies what was played from `fromMs` on into `target`, one byte per `1 / rate` ms; bytes with nothing played are left.
   * Meant for the last moments (the outbound track), so it looks at the newest runs first.
   */
  copyPlayed(fromMs: number, target: Uint8Array): void {
    if (!this.keepAudio) return;
    let runEnd = this.played;
    for (let index = this.runs.length - 1; index >= 0; index--) {
      const run = this.runs[index];
      if (run === undefined) return;
      // Rounded up, as `played` is rounded down: windows that follow one another then miss no byte and repeat none.
      const shift = Math.ceil((run.startedAtMs - fromMs) * this.rate - ROUNDING_BYTES);
      const from = Math.max(run.offset, run.offset - shift);
      const to = Math.min(runEnd, run.offset - shift + target.length);
      if (to > from) target.set(this.tape.subarray(from, to), from - run.offset + shift);
      if (shift <= 0) return;
      runEnd = run.offset;
    }
  }

  private moveTo(nowMs: number): number {
    const now = Math.max(nowMs, this.lastNowMs);
    this.lastNowMs = now;
    const run = this.runs.at(-1);
    if (run !== undefined && this.played < this.tapeBytes) {
      const inRun = Math.floor((now - run.startedAtMs) * this.rate + ROUNDING_BYTES);
      this.played = Math.min(this.tapeBytes, Math.max(this.played, run.offset + inRun));
    }
    return now;
  }

  private append(bytes: Uint8Array): void {
    const needed = this.tapeBytes + bytes.length;
    if (needed > this.tape.length) {
      const longer = Buffer.allocUnsafeSlow(Math.max(needed, this.tape.length * 2, 4096));
      this.tape.copy(longer, 0, 0, this.tapeBytes);
      this.tape = longer;
    }
    this.tape.set(bytes, this.tapeBytes);
  }
}
