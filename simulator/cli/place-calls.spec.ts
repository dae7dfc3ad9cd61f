import { callerNumbers } from './place-calls.js';

describe('the numbers of the callers', () => {
  it('are each handed out once, as phone numbers', () => {
    const newCaller = callerNumbers();
    const numbers = Array.from({ length: 1000 }, newCaller);
    expect(new Set(numbers).size).toBe(1000);
    for (const number of numbers) expect(number).toMatch(/^\+1555\d{7}$/);
  });

  it('are seldom those of another run', () => {
    const first = new Set(Array.from({ length: 10 }, () => callerNumbers()()));
    expect(first.size).toBeGreaterThan(1);
  });
});
