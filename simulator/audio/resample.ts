/** Everything on the phone is 8 kHz: 8 samples are 1 ms. */
export const TELEPHONE_RATE_HZ = 8000;

/** Zero crossings of the sinc on each side of its middle: 16 keep aliases more than 50 dB down, at some 100 ns a sample. */
const ZERO_CROSSINGS = 16;
/** The low-pass begins a little below half the lower rate, so that its slope is over before the aliases begin. */
const PASS_BAND = 0.92;

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** One filter per place that an output sample can have between two input samples; each adds up to 1. */
function filterBank(phases: number, cutoff: number, halfWidth: number): Float64Array[] {
  return Array.from({ length: phases }, (_, phase) => {
    const taps = Float64Array.from({ length: 2 * halfWidth }, (_, tap) => {
      const distance = tap - halfWidth + 1 - phase / phases;
      const x = Math.PI * distance * cutoff;
      const sinc = x === 0 ? 1 : Math.sin(x) / x;
      const hann = 0.5 + 0.5 * Math.cos((Math.PI * distance) / (halfWidth + 1));
      return sinc * hann;
    });
    const sum = taps.reduce((total, tap) => total + tap, 0);
    return taps.map((tap) => tap / sum);
  });
}

/**
 * Changes the sample rate (whole Hz) with a windowed-sinc low-pass. Output sample n is the input at time n/toHz: no delay is
 * added. Returns the input itself when the rates are equal.
 */
export function resample(samples: Int16Array, fromHz: number, toHz: number = TELEPHONE_RATE_HZ): Int16Array {
  if (fromHz === toHz) return samples;
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const up = toHz / divisor;
  const down = fromHz / divisor;
  const cutoff = Math.min(1, toHz / fromHz) * PASS_BAND;
  const halfWidth = Math.ceil(ZERO_CROSSINGS / cutoff);
  const bank = filterBank(up, cutoff, halfWidth);
  const output = new Int16Array(Math.round((samples.length * toHz) / fromHz));
  for (let n = 0; n < output.length; n++) {
    const place = n * down;
    const first = Math.floor(place / up) - halfWidth + 1;
    const taps = bank[place % up] ?? new Float64Array();
    let sum = 0;
    for (let tap = 0; tap < taps.length; tap++) sum += (taps[tap] ?? 0) * (samples[first + tap] ?? 0);
    output[n] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  }
  return output;
}
