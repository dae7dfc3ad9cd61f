import { FakeClock } from '../common/fake-clock.js';
import { loadConfig } from '../config/load-config.js';
import { Admission } from './admission.js';
import { callerOf, CallerRate } from './caller-rate.js';
import { memoryUsedPercent } from './memory-use.js';

describe('Admission', () => {
  const admissions: Admission[] = [];
  afterEach(() => {
    for (const admission of admissions.splice(0)) admission.onModuleDestroy();
  });

  function admission(env: Record<string, string> = {}): Admission {
    const { config } = loadConfig({
      OPENAI_API_KEY: 'sk-test',
      TELNYX_API_KEY: 'KEY-test',
      WEBHOOK_SIGNATURE: 'off',
      MAX_CALLS: '2',
      CALLER_CALLS_PER_MINUTE: '3',
      ...env,
    });
    const made = new Admission(config, new FakeClock());
    made.memoryUsedPercent = 50;
    admissions.push(made);
    return made;
  }

  it('admits below its limits', () => {
    expect(admission().judge(1, '+15550100001')).toBe('admit');
  });

  it('says why not', () => {
    const judge = admission();
    expect(judge.judge(2, undefined)).toBe('full');
    judge.eventLoopDelayMs = 1_000;
    expect(judge.judge(1, undefined)).toBe('event-loop-late');
    judge.eventLoopDelayMs = 0;
    judge.memoryUsedPercent = 86;
    expect(judge.judge(1, undefined)).toBe('memory-low');
    judge.memoryUsedPercent = 85;
    expect(judge.judge(1, undefined)).toBe('admit');
  });

  it('counts the calls of a number, and none of those who withhold theirs', () => {
    const judge = admission();
    const verdicts = (from: string): string[] => Array.from({ length: 4 }, () => judge.judge(0, from));
    expect(verdicts('+15550100001')).toEqual(['admit', 'admit', 'admit', 'caller-too-often']);
    expect(verdicts('anonymous')).toEqual(['admit', 'admit', 'admit', 'admit']);
  });

  it('is not filled up by one caller, whatever else is the matter', () => {
    const judge = admission({ CALLER_CALLS_PER_MINUTE: '1' });
    expect(judge.judge(2, '+15550100001')).toBe('full');
    expect(judge.judge(2, '+15550100001')).toBe('caller-too-often');
  });

  it('knows how much memory the process uses', () => {
    expect(memoryUsedPercent()).toBeGreaterThan(0);
    expect(memoryUsedPercent()).toBeLessThan(100);
  });
});

describe('CallerRate', () => {
  function rate(callsPerMinute: number | undefined) {
    const clock = new FakeClock();
    return { clock, rate: new CallerRate(callsPerMinute, () => clock.nowMs()) };
  }

  it('looks at the minute that has just passed, whenever it began', () => {
    const { clock, rate: calls } = rate(2);
    expect(calls.tooOften('+1555')).toBe(false);
    clock.advance(30_000);
    expect(calls.tooOften('+1555')).toBe(false);
    clock.advance(29_999);
    expect(calls.tooOften('+1555')).toBe(true);
    clock.advance(1);
    expect(calls.tooOften('+1555')).toBe(false);
    expect(calls.tooOften('+1555')).toBe(true);
  });

  it('does not hold calls against a number that were refused', () => {
    const { clock, rate: calls } = rate(1);
    calls.tooOften('+1555');
    for (let s = 0; s < 59; s++) {
      clock.advance(1_000);
      expect(calls.tooOften('+1555')).toBe(true);
    }
    clock.advance(1_000);
    expect(calls.tooOften('+1555')).toBe(false);
  });

  it('keeps numbers apart, and forgets those of long ago rather than fill the memory', () => {
    const { rate: calls } = rate(1);
    calls.tooOften('+15550000000');
    for (let number = 1; number <= 10_000; number++) expect(calls.tooOften(`+1555${number}`)).toBe(false);
    expect(calls.tooOften('+155510000')).toBe(true);
    expect(calls.tooOften('+15550000000')).toBe(false);
  });

  it('has no limit where none is set', () => {
    const { rate: calls } = rate(undefined);
    for (let call = 0; call < 100; call++) expect(calls.tooOften('+1555')).toBe(false);
  });
});

describe('callerOf', () => {
  it.each([
    '+15550100001',
    '15550100001',
    '0015550100001',
    '+1 (555) 010-0001',
    'tel:+15550100001',
    'sip:+15550100001@sip.example.com',
    '<sip:15550100001@10.0.0.1;user=phone>',
    ' +1555.010.0001 ',
  ])('knows a number however it is written: %s', (from) => {
    expect(callerOf(from)).toBe('15550100001');
  });

  it.each([
    undefined,
    '',
    ' ',
    'anonymous',
    'Anonymous',
    'Restricted',
    'UNAVAILABLE',
    'private',
    'unknown',
    '+266696687',
    '266696687',
    '+7378742833',
    '+86282452253',
    '+7748283',
    '+0000000',
    'sip:anonymous@anonymous.invalid',
    'sip:anonymous@sip.example.com',
  ])('knows nobody who withholds the number: %p', (from) => {
    expect(callerOf(from)).toBeUndefined();
  });

  it('tells people with a name apart by their whole address', () => {
    expect(callerOf('sip:Ann@one.example')).not.toBe(callerOf('sip:ann@two.example'));
    expect(callerOf('sip:Ann@one.example')).toBe(callerOf('SIP:ann@one.example'));
  });
});
