import pc from 'picocolors';
import { brokenCheck, jsonReport, type NamedResult, resultLines, scrub, summaryLine } from './report.js';

const plain = pc.createColors(false);
const bad: NamedResult = { name: 'key', status: 'fail', detail: 'refused', fix: 'make a new one' };
const good: NamedResult = { name: 'form', status: 'ok', detail: 'right' };

describe('the report', () => {
  it('gives a failure its fix, and what is fine one line', () => {
    expect(resultLines(bad, plain)).toBe('FAIL  key: refused\n      fix: make a new one');
    expect(resultLines(good, plain)).toBe('ok    form: right');
  });

  it('counts, and fails when anything did', () => {
    expect(summaryLine([good, bad, good], plain)).toBe('2 ok, 0 to look at, 1 failed, 0 skipped');
    expect(JSON.parse(jsonReport([good, bad]))).toMatchObject({
      ok: false,
      checks: [{ status: 'ok' }, { fix: 'make a new one' }],
    });
    expect(JSON.parse(jsonReport([good, { name: 'x', status: 'warn', detail: '', fix: '' }]))).toMatchObject({
      ok: true,
    });
  });

  it('takes secrets out of other servers’ words, wherever they are', () => {
    const echoed: NamedResult = { ...bad, detail: 'key sk-1 and sk-1', fix: 'not sk-1 but KEY2' };
    expect(scrub(echoed, ['sk-1', 'KEY2', ''])).toMatchObject({
      detail: 'key [secret] and [secret]',
      fix: 'not [secret] but [secret]',
    });
  });

  it('tells a check that broke as a failure of its own', () => {
    expect(brokenCheck('key', new TypeError('boom'))).toMatchObject({
      name: 'key',
      status: 'fail',
      detail: expect.stringContaining('boom') as string,
    });
  });
});
