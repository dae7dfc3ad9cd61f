import { type SoundSpan, soundSpans } from '../audio/energy.js';
import { decodeG711 } from '../audio/g711.js';
import { lawOf } from './codecs.js';
import { gapAfter, type HeardGap, LEAST_GAP_MS, longestGap } from './heard-gap.js';
import { type PlayoutClock, type PlayoutGap } from './playout-clock.js';
import { type TelnyxCodec } from './switches.js';
import { renderTimeline, SAMPLES_PER_MS, type TimedSamples } from './timeline.js';

/** A sentence that Telnyx itself read to the caller (`speak`). */
export interface SpokenText {
  readonly text: string;
  /** Since the answer. */
  readonly startedAtMs: number;
  endedAtMs: number | undefined;
  status: 'speaking' | 'completed' | 'call_hangup' | 'cancelled';
}

/** A stretch of audio without a break. Times are milliseconds since the answer. */
export interface HeardSegment {
  readonly bytes: Buffer;
  readonly codec: TelnyxCodec;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

interface Source {
  readonly clock: PlayoutClock;
  readonly codec: TelnyxCodec;
}

/**
 * What reached the caller's ear, over all media streams of a call, on one time axis that begins with the answer.
 * Only streams that can be heard are in it (rtp mode, right target leg).
 */
export class HeardRecorder {
  /** What Telnyx read out, in order. */
  readonly spoken: SpokenText[] = [];
  private readonly sources: Source[] = [];
  private originMs = NaN;
  private endMs: number | undefined;

  constructor(private readonly now: () => number) {}

  answered(nowMs: number): void {
    this.originMs = nowMs;
  }

  ended(nowMs: number): void {
    this.settle();
    this.endMs = nowMs;
  }

  add(clock: PlayoutClock, codec: TelnyxCodec): void {
    this.sources.push({ clock, codec });
  }

  /** Milliseconds since the answer; `NaN` before it. */
  get elapsedMs(): number {
    return (this.endMs ?? this.now()) - this.originMs;
  }

  /** Turns a time of the double's clock into milliseconds since the answer. */
  sinceAnswer(atMs: number): number {
    return atMs - this.originMs;
  }

  get segments(): HeardSegment[] {
    this.settle();
    const all = this.sources.flatMap(({ clock, codec }) =>
      clock.playedSegments.map(({ bytes, startedAtMs, endedAtMs }) => ({
        bytes,
        codec,
        startedAtMs: startedAtMs - this.originMs,
        endedAtMs: endedAtMs - this.originMs,
      })),
    );
    return all.sort((a, b) => a.startedAtMs - b.startedAtMs);
  }

  /** Silences within one stream's audio, with the word whether the app had cleared the queue. */
  get gaps(): PlayoutGap[] {
    this.settle();
    return this.sources.flatMap(({ clock }) =>
      clock.gaps.map(({ fromMs, toMs, afterClear }) => ({
        fromMs: fromMs - this.originMs,
        toMs: toMs - this.originMs,
        afterClear,
      })),
    );
  }

  /**
   * The first silence after a moment, until something was heard again; a silence that was going on counts from the moment.
   * All times are milliseconds since the answer (see `sinceAnswer`), exact to 10 ms.
   * @param leastMs shorter silences are pauses between words
   * @returns undefined as long as it lasts
   */
  gapAfter(atMs: number, leastMs = LEAST_GAP_MS): HeardGap | undefined {
    return gapAfter(this.sounds(atMs, this.elapsedMs), atMs, leastMs);
  }

  /** The longest silence between two moments (default: now, or the end of the call). Times as in `gapAfter`. */
  longestGap(fromMs: number, toMs = this.elapsedMs): HeardGap {
    return longestGap(this.sounds(fromMs, toMs), fromMs, toMs);
  }

  /** Codec bytes heard so far, over all streams. */
  get playedBytes(): number {
    this.settle();
    return this.sources.reduce((sum, { clock }) => sum + clock.playedBytes, 0);
  }

  /** Codec bytes that wait to be heard. */
  get queuedBytes(): number {
    this.settle();
    return this.sources.reduce((sum, { clock }) => sum + clock.queuedBytes, 0);
  }

  get firstAudioAtMs(): number | undefined {
    return this.segments[0]?.startedAtMs;
  }

  /** Until when there is something to hear, counting what is queued; `undefined` before the first audio. */
  get idleAtMs(): number | undefined {
    this.settle();
    const last = Math.max(-Infinity, ...this.sources.map(({ clock }) => clock.idleAtMs));
    return last === -Infinity ? undefined : last - this.originMs;
  }

  /** The whole call until now (or its end) as 8 kHz PCM, silence where nothing was heard. */
  toPcm(): Int16Array {
    return Number.isNaN(this.originMs) ? new Int16Array(0) : this.audioBetween(0, this.elapsedMs);
  }

  /** PCM of a part of the call; times are milliseconds since the answer. */
  audioBetween(fromMs: number, toMs: number): Int16Array {
    const stretches: TimedSamples[] = [];
    for (const { bytes, codec, startedAtMs, endedAtMs } of this.segments) {
      const law = lawOf(codec);
      if (law === undefined || endedAtMs <= fromMs || startedAtMs >= toMs) continue;
      // Only what is asked for is decoded; a boundary may lie within a sample, so one more on each side.
      const first = Math.max(0, Math.floor((fromMs - startedAtMs) * SAMPLES_PER_MS) - 1);
      const last = Math.ceil((toMs - startedAtMs) * SAMPLES_PER_MS) + 1;
      const samples = decodeG711(law, bytes.subarray(first, last));
      stretches.push({ samples, startedAtMs: startedAtMs + first / SAMPLES_PER_MS });
    }
    return renderTimeline(stretches, fromMs, toMs);
  }

  /** What sounded between two moments; where no audio was kept, all that was played. */
  private sounds(fromMs: number, toMs: number): SoundSpan[] {
    const played = this.segments.filter(({ startedAtMs, endedAtMs }) => endedAtMs > fromMs && startedAtMs < toMs);
    if (played.some(({ bytes }) => bytes.length === 0)) {
      return played.map(({ startedAtMs, endedAtMs }) => ({ fromMs: startedAtMs, toMs: endedAtMs }));
    }
    const spans = soundSpans(this.audioBetween(fromMs, toMs), { pauseMs: 0, leastMs: 0 });
    return spans.map((span) => ({ fromMs: fromMs + span.fromMs, toMs: fromMs + span.toMs }));
  }

  private settle(): void {
    if (this.endMs !== undefined) return;
    const now = this.now();
    for (const { clock } of this.sources) clock.settle(now);
  }
}
