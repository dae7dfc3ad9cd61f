import fc from 'fast-check';
import { FakeClock } from '../../common/fake-clock.js';
import { CallerIdle } from './caller-idle.js';

function setUp(promptMs: number | undefined, hangUpMs: number | undefined) {
  const clock = new FakeClock();
  const calls: string[] = [];
  const idle = new CallerIdle(
    clock,
    { promptMs, hangUpMs },
    { prompt: () => calls.push('prompt'), hangUp: () => calls.push('hang up') },
  );
  return { clock, calls, idle };
}

describe('CallerIdle', () => {
  it('asks a silent caller once, waits again after the question was heard, and hangs up', () => {
    const { clock, calls, idle } = setUp(15_000, 10_000);
    idle.callersTurn();
    clock.advance(14_999);
    expect(calls).toEqual([]);
    clock.advance(1);
    expect(calls).toEqual(['prompt']);
    idle.busy();
    clock.advance(60_000);
    idle.callersTurn();
    clock.advance(9_999);
    expect(calls).toEqual(['prompt']);
    clock.advance(1);
    expect(calls).toEqual(['prompt', 'hang up']);
  });

  it('does not wait longer for being told again that it is the turn of the caller', () => {
    const { clock, calls, idle } = setUp(15_000, 10_000);
    for (let second = 0; second < 15; second++) {
      idle.callersTurn();
      clock.advance(1_000);
    }
    expect(calls).toEqual(['prompt']);
  });

  it('starts anew when the caller speaks, also after the question', () => {
    const { clock, calls, idle } = setUp(15_000, 10_000);
    idle.callersTurn();
    clock.advance(14_000);
    idle.activity();
    clock.advance(60_000);
    expect(calls).toEqual([]);
    idle.callersTurn();
    clock.advance(15_000);
    idle.callersTurn();
    clock.advance(9_000);
    idle.activity();
    idle.callersTurn();
    clock.advance(14_999);
    expect(calls).toEqual(['prompt']);
    clock.advance(1);
    expect(calls).toEqual(['prompt', 'prompt']);
  });

  it('hangs up once, also when nobody told that the assistant asked, and says nothing after it', () => {
    const { clock, calls, idle } = setUp(15_000, 10_000);
    for (let turn = 0; turn < 5; turn++) {
      idle.callersTurn();
      clock.advance(15_000);
    }
    idle.activity();
    idle.callersTurn();
    clock.advance(60_000);
    expect(calls).toEqual(['prompt', 'hang up']);
  });

  it('is patient while the assistant is busy, and begins the wait anew after that', () => {
    const { clock, calls, idle } = setUp(15_000, 10_000);
    idle.callersTurn();
    clock.advance(14_000);
    idle.busy();
    clock.advance(60_000);
    idle.callersTurn();
    clock.advance(14_999);
    expect(calls).toEqual([]);
    clock.advance(1);
    expect(calls).toEqual(['prompt']);
  });

  it('hangs up without a question where none is wanted', () => {
    const { clock, calls, idle } = setUp(undefined, 10_000);
    idle.callersTurn();
    clock.advance(10_000);
    expect(calls).toEqual(['hang up']);
  });

  it('only asks where it is not to hang up, once per silence', () => {
    const { clock, calls, idle } = setUp(15_000, undefined);
    const silence = () => {
      idle.callersTurn();
      clock.advance(15_000);
      idle.callersTurn();
      clock.advance(600_000);
    };
    silence();
    expect(calls).toEqual(['prompt']);
    idle.activity();
    silence();
    expect(calls).toEqual(['prompt', 'prompt']);
  });

  it('does nothing where both are switched off', () => {
    const { clock, calls, idle } = setUp(undefined, undefined);
    idle.callersTurn();
    clock.advance(600_000);
    expect(calls).toEqual([]);
  });

  it('never hangs up on a caller whom it has not asked, asks once a silence, and keeps quiet after the end', () => {
    const step = fc.oneof(
      fc.constantFrom('callersTurn' as const, 'activity' as const, 'busy' as const),
      fc.integer({ min: 1, max: 20_000 }),
    );
    const limit = fc.option(fc.integer({ min: 1, max: 10_000 }), { nil: undefined });
    fc.assert(
      fc.property(limit, limit, fc.array(step), fc.array(step), (promptMs, hangUpMs, steps, stepsAfterEnd) => {
        const { clock, calls, idle } = setUp(promptMs, hangUpMs);
        const run = (what: typeof steps) => {
          for (const one of what) {
            if (typeof one === 'number') clock.advance(one);
            else {
              idle[one]();
              if (one === 'activity') calls.push('activity');
            }
          }
        };
        run(steps);
        const silences = calls.join(' ').split('activity');
        for (const silence of silences) {
          if (promptMs === undefined) expect(silence).not.toContain('prompt');
          if (hangUpMs === undefined) expect(silence).not.toContain('hang up');
          if (promptMs !== undefined) expect(silence.trim()).toMatch(/^(prompt( hang up)?)?$/);
        }
        expect(calls.filter((call) => call === 'hang up').length).toBeLessThanOrEqual(1);
        const hungUpAt = calls.indexOf('hang up');
        if (hungUpAt >= 0) expect(calls.slice(hungUpAt)).not.toContain('prompt');
        idle.stop();
        calls.length = 0;
        run(stepsAfterEnd);
        expect(calls.filter((call) => call !== 'activity')).toEqual([]);
      }),
    );
  });
});
