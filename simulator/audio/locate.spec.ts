import { CLIP_NAMES, loadClip } from './clips.js';
import { convolve } from './fourier.js';
import { decodeG711, encodeG711, type G711Law } from './g711.js';
import { heardOfClip, locateClip } from './locate.js';
import { concat, noise, silence } from './signals.js';

function overThePhone(law: G711Law, samples: Int16Array): Int16Array {
  return decodeG711(law, encodeG711(law, samples));
}

function mixed(a: Int16Array, b: Int16Array): Int16Array {
  return a.map((sample, i) => sample + (b[i] ?? 0));
}

describe('convolution', () => {
  it('gives what the definition gives', () => {
    expect([...convolve([1, 2, 3], [4, 5])].map(Math.round)).toEqual([4, 13, 22, 15]);
    expect([...convolve([7], [6])].map(Math.round)).toEqual([42]);
  });
});

describe('finding a clip in a recording', () => {
  const answer = loadClip('assistant-answer-long');
  const caller = loadClip('caller-booking');

  it.each(['PCMU', 'PCMA'] as const)('finds it to the sample after %s', (law) => {
    const recording = overThePhone(law, concat(silence(1234), caller, silence(777), answer, silence(500)));
    const match = locateClip(recording, answer);
    expect(match?.atSample).toBe((1234 + 777) * 8 + caller.length);
    expect(match?.score).toBeGreaterThan(0.99);
  });

  it('finds it under noise', () => {
    const quiet = concat(silence(2000), caller, silence(2000));
    const match = locateClip(mixed(quiet, noise(quiet.length / 8, -30)), caller);
    expect(match?.atMs).toBe(2000);
    expect(match?.score).toBeGreaterThan(0.85);
  });

  it('tells every clip from every other', () => {
    const recording = concat(...CLIP_NAMES.filter((name) => name !== 'caller-booking').map(loadClip));
    expect(locateClip(recording, caller)?.score).toBeLessThan(0.4);
    expect(heardOfClip(recording, caller)).toBeUndefined();
  });

  it('finds nothing in silence, in a shorter recording, or of a silent clip', () => {
    expect(locateClip(silence(20_000), answer)).toBeUndefined();
    expect(locateClip(caller.subarray(0, 800), caller)).toBeUndefined();
    expect(locateClip(caller, silence(100))).toBeUndefined();
  });
});

describe('how much of a clip was heard', () => {
  const answer = loadClip('assistant-answer-long');

  it('is all of it when all was played', () => {
    const heard = heardOfClip(overThePhone('PCMU', concat(silence(300), answer, silence(300))), answer);
    expect(heard?.atMs).toBe(300);
    expect(Math.abs((heard?.heardMs ?? 0) - answer.length / 8)).toBeLessThan(60);
  });

  it.each([1500, 2770, 4200, 8000])('is what came before the cut, within a pause between words (%i ms)', (cutMs) => {
    const heard = heardOfClip(
      overThePhone('PCMU', concat(silence(300), answer.subarray(0, cutMs * 8), silence(9000))),
      answer,
    );
    expect(heard?.atMs).toBe(300);
    expect(heard?.heardMs).toBeLessThanOrEqual(cutMs + 10);
    expect(heard?.heardMs).toBeGreaterThan(cutMs - 150);
  });

  it('does not take the next speech for the rest of this one', () => {
    const other = loadClip('assistant-answer-short');
    const heard = heardOfClip(concat(silence(300), answer.subarray(0, 2000 * 8), other, silence(5000)), answer);
    expect(heard?.heardMs).toBeLessThanOrEqual(2030);
  });
});
