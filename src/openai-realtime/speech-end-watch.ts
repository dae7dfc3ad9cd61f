import { type Clock, type Timer } from '../common/clock.js';
import { type G711Law } from '../conversation/line.port.js';
import { levelDbfs } from '../conversation/turns/speech-level.js';
import { decodedBytes } from './base64-bytes.js';

/** Below this nobody speaks: speech on the telephone is around -26 dBFS, a quiet line below -50. */
const QUIET_DBFS = -45;
/** Longer than any turn detection waits for more: `semantic_vad` takes eight seconds at most, `server_vad` can be set to five. */
const QUIET_MS = 10_000;
/** On a noisy line quiet never comes; but nobody speaks for this long without a pause. */
const LONGEST_SPEECH_MS = 180_000;
/** What the service has said may wait on our side of the socket, when the process was held up. */
const GRACE_MS = 2_000;
/** One look at the level in each piece of this length tells speech from quiet, and costs a tenth of looking at all. */
const LOOK_EVERY_MS = 200;
const BYTES_PER_MS = 8;

/**
 * Notices a service that has said that the caller speaks, and never says that they have stopped: until it does, nobody
 * answers, and the caller's silence looks like speech to everybody else.
 */
export class SpeechEndWatch {
  private speaking = false;
  private spokenMs = 0;
  private quietMs = 0;
  private unseenMs = 0;
  private timer: Timer | undefined;

  /** @param missed called once for each speech that should have ended. */
  constructor(
    private readonly clock: Clock,
    private readonly missed: () => void,
  ) {}

  /** Caller audio is wanted. */
  get listening(): boolean {
    return this.speaking && !this.timer;
  }

  speechStarted(): void {
    this.speechStopped();
    this.speaking = true;
  }

  speechStopped(): void {
    this.speaking = false;
    this.spokenMs = 0;
    this.quietMs = 0;
    this.unseenMs = 0;
    this.timer?.cancel();
    this.timer = undefined;
  }

  /** @param base64 the caller's audio as base64 text. */
  audio(base64: Buffer, law: G711Law): void {
    if (!this.listening) return;
    this.unseenMs += decodedBytes(base64) / BYTES_PER_MS;
    if (this.unseenMs < LOOK_EVERY_MS) return;
    const audio = Buffer.from(base64.toString('latin1'), 'base64');
    this.spokenMs += this.unseenMs;
    this.quietMs = levelDbfs(law, audio) < QUIET_DBFS ? this.quietMs + this.unseenMs : 0;
    this.unseenMs = 0;
    if (this.quietMs < QUIET_MS && this.spokenMs < LONGEST_SPEECH_MS) return;
    this.timer = this.clock.after(GRACE_MS, () => this.missed());
  }

  /** The session is over. */
  stop(): void {
    this.speechStopped();
  }
}
