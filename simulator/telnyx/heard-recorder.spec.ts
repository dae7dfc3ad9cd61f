import { encodeG711 } from '../audio/g711.js';
import { HeardRecorder } from './heard-recorder.js';
import { PlayoutClock } from './playout-clock.js';

/** A loud sample that survives both laws unchanged. */
const LOUD = 8031;
const loud = (law: 'PCMU' | 'PCMA', ms: number): Buffer => encodeG711(law, new Int16Array(ms * 8).fill(LOUD));

function setUp() {
  let nowMs = 5000;
  const recorder = new HeardRecorder(() => nowMs);
  recorder.answered(5000);
  return { recorder, at: (ms: number) => (nowMs = 5000 + ms) };
}

describe('HeardRecorder', () => {
  it('lays what was played on the time axis of the call, silence between', () => {
    const { recorder, at } = setUp();
    const clock = new PlayoutClock({ rate: 8 });
    recorder.add(clock, 'PCMU');
    expect(recorder.firstAudioAtMs).toBeUndefined();
    clock.media(at(100), loud('PCMU', 20));
    clock.media(at(200), loud('PCMU', 20));
    at(300);
    expect(recorder.firstAudioAtMs).toBe(100);
    expect(recorder.playedBytes).toBe(320);
    const pcm = recorder.toPcm();
    expect(pcm.length).toBe(2400);
    expect([pcm[799], pcm[959], pcm[960], pcm[1600], pcm[1760]].map((sample) => sample !== 0)).toEqual([
      false,
      true,
      false,
      true,
      false,
    ]);
    expect(recorder.gaps).toEqual([{ fromMs: 120, toMs: 200, afterClear: false }]);
  });

  it('counts a chunk that is being played only as far as it was played', () => {
    const { recorder, at } = setUp();
    const clock = new PlayoutClock({ rate: 8 });
    recorder.add(clock, 'PCMU');
    clock.media(at(0), loud('PCMU', 1000));
    at(250);
    expect(recorder.playedBytes).toBe(2000);
    expect(recorder.queuedBytes).toBe(6000);
    expect(recorder.toPcm().every((sample) => sample !== 0)).toBe(true);
    expect(recorder.idleAtMs).toBe(1000);
  });

  it('joins the streams of a call, each in its own law, and stops at the end of the call', () => {
    const { recorder, at } = setUp();
    const first = new PlayoutClock({ rate: 8 });
    const second = new PlayoutClock({ rate: 8 });
    recorder.add(first, 'PCMU');
    recorder.add(second, 'PCMA');
    first.media(at(0), loud('PCMU', 20));
    second.media(at(50), loud('PCMA', 100));
    recorder.ended(at(100));
    at(900);
    expect(recorder.segments.map(({ codec, startedAtMs, endedAtMs }) => [codec, startedAtMs, endedAtMs])).toEqual([
      ['PCMU', 0, 20],
      ['PCMA', 50, 100],
    ]);
    expect(recorder.toPcm().length).toBe(800);
  });

  it('cuts out any part', () => {
    const { recorder, at } = setUp();
    const clock = new PlayoutClock({ rate: 8 });
    recorder.add(clock, 'PCMU');
    clock.media(at(10), loud('PCMU', 20));
    at(1000);
    const part = recorder.audioBetween(5, 20);
    expect(part.length).toBe(120);
    expect([...part].findIndex((sample) => sample !== 0)).toBe(40);
    expect(recorder.audioBetween(30, 40).every((sample) => sample === 0)).toBe(true);
  });
});
