import { FakeClock } from '../common/fake-clock.js';
import { SpeechGapFiller } from './speech-gap-filler.js';

function setUp() {
  const clock = new FakeClock();
  const fills: { atMs: number; silenceMs: number }[] = [];
  const filler = new SpeechGapFiller(clock, (silenceMs) => fills.push({ atMs: clock.nowMs(), silenceMs }));
  const framesFor = (forMs: number): void => {
    for (let passedMs = 0; passedMs < forMs; passedMs += 20) {
      filler.frame();
      clock.advance(20);
    }
  };
  const filledMs = (): number => fills.reduce((sum, { silenceMs }) => sum + silenceMs, 0);
  return { clock, filler, fills, framesFor, filledMs };
}

describe('SpeechGapFiller', () => {
  it('puts in nothing while frames come, or while nobody speaks', () => {
    const { clock, filler, fills, framesFor } = setUp();
    framesFor(100);
    clock.advance(5_000);
    framesFor(100);
    filler.setSpeaking(true);
    framesFor(3_000);
    filler.setSpeaking(false);
    clock.advance(5_000);
    expect(fills).toEqual([]);
  });

  it('makes up for the time since the last frame once frames have stopped in the middle of speech', () => {
    const { clock, filler, fills, framesFor } = setUp();
    filler.frame();
    filler.setSpeaking(true);
    framesFor(200);
    clock.advance(800);
    expect(fills[0]?.atMs).toBeGreaterThanOrEqual(180 + 300);
    expect(fills.length).toBeGreaterThan(3);
    for (const [index, { atMs }] of fills.entries()) {
      const soFarMs = fills.slice(0, index + 1).reduce((sum, { silenceMs }) => sum + silenceMs, 0);
      expect(soFarMs).toBe(atMs - 180);
    }
  });

  it('lets a burst after a short stall pass without silence', () => {
    const { clock, filler, fills, framesFor } = setUp();
    filler.frame();
    filler.setSpeaking(true);
    for (let i = 0; i < 10; i++) {
      clock.advance(280);
      for (let frame = 0; frame < 14; frame++) filler.frame();
    }
    framesFor(200);
    expect(fills).toEqual([]);
  });

  it('stops with the speech, and fills anew for the next one', () => {
    const { clock, filler, filledMs, framesFor } = setUp();
    filler.frame();
    filler.setSpeaking(true);
    clock.advance(600);
    filler.setSpeaking(false);
    const firstMs = filledMs();
    expect(firstMs).toBeGreaterThanOrEqual(500);
    clock.advance(2_000);
    expect(filledMs()).toBe(firstMs);
    framesFor(100);
    filler.setSpeaking(true);
    clock.advance(600);
    expect(filledMs()).toBeGreaterThanOrEqual(firstMs + 500);
  });

  it('puts in ten seconds at most, and is ready again after the next frame', () => {
    const { clock, filler, filledMs } = setUp();
    filler.frame();
    filler.setSpeaking(true);
    clock.advance(60_000);
    expect(filledMs()).toBe(10_000);
    filler.frame();
    clock.advance(1_000);
    expect(filledMs()).toBeGreaterThanOrEqual(10_900);
  });

  it('puts in ten seconds at most even if its timer comes minutes late', () => {
    const { clock, filler, filledMs } = setUp();
    filler.frame();
    filler.setSpeaking(true);
    const nowMs = clock.nowMs.bind(clock);
    clock.nowMs = () => nowMs() + 600_000;
    clock.advance(500);
    expect(filledMs()).toBe(10_000);
  });

  it('says that speech goes on without starting over', () => {
    const { clock, filler, filledMs } = setUp();
    filler.frame();
    for (let i = 0; i < 20; i++) {
      filler.setSpeaking(true);
      clock.advance(50);
    }
    expect(filledMs()).toBeGreaterThanOrEqual(900);
    expect(filledMs()).toBeLessThanOrEqual(1_000);
  });

  it('leaves no timer behind when it is stopped', () => {
    const { clock, filler, filledMs } = setUp();
    filler.frame();
    filler.setSpeaking(true);
    filler.stop();
    clock.advance(5_000);
    expect(filledMs()).toBe(0);
  });
});
