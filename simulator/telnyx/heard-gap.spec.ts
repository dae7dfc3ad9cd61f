import { encodeG711 } from '../audio/g711.js';
import { gapAfter, longestGap } from './heard-gap.js';
import { HeardRecorder } from './heard-recorder.js';
import { PlayoutClock } from './playout-clock.js';

const SPANS = [
  { fromMs: 0, toMs: 1000 },
  { fromMs: 1100, toMs: 2000 },
  { fromMs: 2600, toMs: 3000 },
];

describe('the gap after a moment', () => {
  it.each([
    ['begins where the sound ends that is going on', 1500, { fromMs: 2000, toMs: 2600 }],
    ['begins at the moment itself in a silence', 2200, { fromMs: 2200, toMs: 2600 }],
    ['passes over a pause between words', 500, { fromMs: 2000, toMs: 2600 }],
    ['has no end before something is heard', 2700, undefined],
    ['has no end where nothing is heard any more', 3500, undefined],
  ])('%s', (_, atMs, gap) => {
    expect(gapAfter(SPANS, atMs)).toEqual(gap);
  });

  it('may be as short as is asked for', () => {
    expect(gapAfter(SPANS, 500, 50)).toEqual({ fromMs: 1000, toMs: 1100 });
  });
});

describe('the longest gap between two moments', () => {
  it.each([
    [0, 3000, { fromMs: 2000, toMs: 2600 }],
    [0, 1900, { fromMs: 1000, toMs: 1100 }],
    [2500, 4000, { fromMs: 3000, toMs: 4000 }],
    [1200, 1800, { fromMs: 1200, toMs: 1200 }],
    [5000, 5500, { fromMs: 5000, toMs: 5500 }],
  ])('from %i to %i', (fromMs, toMs, gap) => {
    expect(longestGap(SPANS, fromMs, toMs)).toEqual(gap);
  });
});

describe.each([
  ['kept', true],
  ['only counted', false],
])('what a caller hears, with the audio %s,', (_, keepAudio) => {
  it('has its gaps over several streams', () => {
    let nowMs = 1000;
    const recorder = new HeardRecorder(() => nowMs);
    recorder.answered(1000);
    const speech = encodeG711('PCMU', new Int16Array(300 * 8).fill(8031));
    for (const startMs of [100, 900]) {
      const clock = new PlayoutClock({ rate: 8, keepAudio });
      recorder.add(clock, 'PCMU');
      clock.media(1000 + startMs, speech);
    }
    nowMs = 2200;
    expect(recorder.gapAfter(200)).toEqual({ fromMs: 400, toMs: 900 });
    expect(recorder.gapAfter(1000)).toBeUndefined();
    expect(recorder.longestGap(200)).toEqual({ fromMs: 400, toMs: 900 });
    expect(recorder.longestGap(200, 600)).toEqual({ fromMs: 400, toMs: 600 });
  });
});

it('silence that is sent is no sound', () => {
  const recorder = new HeardRecorder(() => 3000);
  recorder.answered(0);
  const clock = new PlayoutClock({ rate: 8 });
  recorder.add(clock, 'PCMU');
  const speech = encodeG711('PCMU', new Int16Array(500 * 8).fill(8031));
  clock.media(0, Buffer.concat([speech, Buffer.alloc(700 * 8, 0xff), speech]));
  expect(recorder.gapAfter(100)).toEqual({ fromMs: 500, toMs: 1200 });
});
