import { encodeWav } from '../audio/wav.js';
import { type SimulatedCall } from '../telnyx/index.js';

/** Everything on the phone is sampled at this rate. */
const RATE_HZ = 8000;

/** The call as a stereo WAV file from its answer to its end (or now): left what the caller said, right what they heard. */
export function recordingOf(call: SimulatedCall): Buffer | undefined {
  const { answeredAtMs } = call;
  if (answeredAtMs === undefined) return undefined;
  const untilMs = answeredAtMs + call.heard.elapsedMs;
  return encodeWav(RATE_HZ, [call.voice.render(answeredAtMs, untilMs), call.heard.toPcm()]);
}
