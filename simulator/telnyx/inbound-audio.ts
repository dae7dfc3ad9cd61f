import { encodeG711 } from '../audio/g711.js';
import { type CallerVoice } from './caller-voice.js';
import { comfortNoise, lawOf, silence } from './codecs.js';
import { type TelnyxCodec, type TelnyxSwitches } from './switches.js';
import { SAMPLES_PER_MS } from './timeline.js';

const NOISE_PCM = comfortNoise();
const NOISE_TAPES = { PCMU: encodeG711('PCMU', NOISE_PCM), PCMA: encodeG711('PCMA', NOISE_PCM) } as const;

/** Base64 of silent frames by codec and size: most frames of a call, so they are made once per process. */
const SILENT_PAYLOADS = new Map<string, string>();

function silentPayload(codec: TelnyxCodec, bytes: number): string {
  const key = `${codec}/${bytes}`;
  let payload = SILENT_PAYLOADS.get(key);
  if (payload === undefined) {
    payload = silence(codec, bytes).toString('base64');
    SILENT_PAYLOADS.set(key, payload);
  }
  return payload;
}

/** The audio of the caller's line in the codec of one stream, cut into frames. */
export class InboundAudio {
  private pcm = new Int16Array(0);
  private noiseAt = 0;

  constructor(
    private readonly codec: TelnyxCodec,
    private readonly voice: CallerVoice,
    private readonly switches: TelnyxSwitches,
  ) {}

  /**
   * @param bytes size of the frame
   * @param durationMs how long the frame lasts
   * @param atMs when its first sample was spoken
   * @returns base64 of the payload; `undefined` when a silent line sends nothing
   */
  nextPayload(bytes: number, durationMs: number, atMs: number): string | undefined {
    const samples = Math.round(durationMs * SAMPLES_PER_MS);
    if (this.pcm.length !== samples) this.pcm = new Int16Array(samples);
    const law = lawOf(this.codec);
    if (this.voice.take(this.pcm, atMs)) {
      // Other codecs are not encoded: a frame of their size is all that is needed to have them refused.
      return law === undefined ? silentPayload(this.codec, bytes) : encodeG711(law, this.pcm).toString('base64');
    }
    if (this.switches.callerSilence === 'suppressed') return undefined;
    if (this.switches.callerSilence === 'silence' || law === undefined) return silentPayload(this.codec, bytes);
    const tape = NOISE_TAPES[law];
    if (this.noiseAt + bytes > tape.length) this.noiseAt = 0;
    const noise = tape.toString('base64', this.noiseAt, this.noiseAt + bytes);
    this.noiseAt += bytes;
    return noise;
  }
}
