import { mulaw } from 'alawmulaw';
import { WAIT_TONE } from './wait-tone.js';

const samples = [...mulaw.decode(WAIT_TONE)];

function levelDbfs(piece: readonly number[]): number {
  const meanSquare = piece.reduce((sum, sample) => sum + sample ** 2, 0) / piece.length;
  return 10 * Math.log10(meanSquare / 32_768 ** 2);
}

/** Amplitude of one frequency in a piece of the tone. */
function amplitude(piece: readonly number[], frequencyHz: number): number {
  const turn = (2 * Math.PI * frequencyHz) / 8_000;
  const cosine = piece.reduce((sum, sample, at) => sum + sample * Math.cos(turn * at), 0);
  const sine = piece.reduce((sum, sample, at) => sum + sample * Math.sin(turn * at), 0);
  return (2 * Math.hypot(cosine, sine)) / piece.length;
}

describe('WAIT_TONE', () => {
  it('lasts 600 ms, in whole frames of 20 ms', () => {
    expect(WAIT_TONE.length).toBe(600 * 8);
    expect(WAIT_TONE.length % 160).toBe(0);
  });

  it('is soft: at -26 dBFS where it is loudest', () => {
    expect(levelDbfs(samples.slice(100 * 8, 200 * 8))).toBeCloseTo(-26, 0);
    expect(levelDbfs(samples)).toBeLessThan(-26);
  });

  it('is a lower note, then a higher one', () => {
    const [first, second] = [samples.slice(0, 2_400), samples.slice(2_400)];
    expect(amplitude(first, 440)).toBeGreaterThan(10 * amplitude(first, 523.25));
    expect(amplitude(second, 523.25)).toBeGreaterThan(10 * amplitude(second, 440));
  });

  it('begins, changes and ends without a click', () => {
    // A click is a jump: no step from sample to sample is larger than the ones inside the steady note.
    const steps = samples.map((sample, at) => Math.abs(sample - (samples[at - 1] ?? 0)));
    for (const at of [0, 2_400]) expect(Math.max(...steps.slice(at, at + 40))).toBeLessThan(200);
    expect(Math.abs(samples.at(-1) ?? Infinity)).toBeLessThan(50);
  });
});
