import { bytesPerMs } from './codecs.js';
import { parseAppFrame, type StreamErrorName } from './frames.js';
import { type PlayoutClock } from './playout-clock.js';
import { isAudible, type StreamRequest } from './stream-request.js';
import { type TelnyxSwitches } from './switches.js';

export interface AppIntakeOptions {
  readonly request: StreamRequest;
  readonly clock: PlayoutClock;
  readonly switches: TelnyxSwitches;
  readonly onAudioStart: () => void;
  readonly onMarks: (names: string[]) => void;
  readonly onClear: () => void;
  readonly onRefused: (error: StreamErrorName, detail: string) => void;
}

const MIN_CHUNK_MS = 20;
const MAX_CHUNK_MS = 30_000;
const MP3_MESSAGE_GAP_MS = 1000;

/** What the app sends, checked against Telnyx's limits and put into the play-out queue. */
export class AppIntake {
  /** By kind. `unheard`: media that reached nobody (mp3 mode, wrong leg, before `start`). */
  readonly counts = { media: 0, mediaBytes: 0, mark: 0, clear: 0, refused: 0, unheard: 0 };
  private readonly rate: number;
  private lastMp3AtMs = -Infinity;
  private windowStartMs = -Infinity;
  private windowMessages = 0;

  constructor(private readonly options: AppIntakeOptions) {
    const { bidirectionalCodec, bidirectionalSamplingRateHz } = options.request;
    this.rate = bytesPerMs(bidirectionalCodec, bidirectionalSamplingRateHz);
  }

  /** @param started whether `start` was sent; before it nothing is played */
  text(nowMs: number, text: string, started: boolean): void {
    const { clock, switches, onMarks, onClear } = this.options;
    const frame = parseAppFrame(text, switches.extraFieldsInAppFrames === 'malformed');
    switch (frame.kind) {
      case 'media':
        this.media(nowMs, frame.bytes, started);
        break;
      case 'mark':
        this.counts.mark++;
        clock.mark(nowMs, frame.name);
        onMarks(clock.advance(nowMs));
        break;
      case 'clear':
        this.counts.clear++;
        onMarks(clock.clear(nowMs));
        onClear();
        break;
      case 'refused':
        this.refuse(frame.error, frame.detail);
        break;
    }
  }

  binary(): void {
    this.refuse('malformedFrame', 'Binary frames are not supported.');
  }

  private media(nowMs: number, bytes: Buffer, started: boolean): void {
    const { request, switches, clock, onAudioStart } = this.options;
    this.counts.media++;
    this.counts.mediaBytes += bytes.length;
    if (request.bidirectionalMode === 'mp3') {
      // Raw codec bytes are no MP3: nobody hears them, and Telnyx does not complain of that.
      this.counts.unheard++;
      const tooSoon = nowMs - this.lastMp3AtMs < MP3_MESSAGE_GAP_MS;
      this.lastMp3AtMs = nowMs;
      if (tooSoon) this.refuse('rateLimitReached', 'At most one media message per second in mp3 mode.');
      return;
    }
    if (this.isTooFast(nowMs)) {
      this.refuse('rateLimitReached', 'Too many media messages.');
      return;
    }
    const chunkMs = bytes.length / this.rate;
    if (switches.chunkLimits === 'enforced' && (chunkMs < MIN_CHUNK_MS || chunkMs > MAX_CHUNK_MS)) {
      this.refuse('invalidMedia', `A chunk must last 20 ms to 30 s, this one lasts ${chunkMs} ms.`);
      return;
    }
    clock.settle(nowMs);
    if (switches.maxQueuedMs !== undefined && clock.queuedBytes / this.rate + chunkMs > switches.maxQueuedMs) {
      this.refuse('rateLimitReached', 'The playback queue is full.');
      return;
    }
    if (!started) {
      this.counts.unheard++;
      return;
    }
    const wasIdle = clock.queuedBytes === 0;
    clock.media(nowMs, bytes);
    if (!isAudible(request, switches)) this.counts.unheard++;
    else if (wasIdle) onAudioStart();
  }

  private isTooFast(nowMs: number): boolean {
    const limit = this.options.switches.maxMediaMessagesPerSecond;
    if (limit === undefined) return false;
    if (nowMs - this.windowStartMs >= 1000) {
      this.windowStartMs = nowMs;
      this.windowMessages = 0;
    }
    return ++this.windowMessages > limit;
  }

  private refuse(error: StreamErrorName, detail: string): void {
    this.counts.refused++;
    this.options.onRefused(error, detail);
  }
}
