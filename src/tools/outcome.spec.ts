import { failure, refusalWords, success, type ToolFailure } from './outcome.js';

describe('what a tool brought', () => {
  it('is told as it is, and cut with a note where it is long', () => {
    expect(success('{"a":1}')).toEqual({ ok: true, output: '{"a":1}', error: undefined });
    expect(success('')).toEqual({ ok: true, output: '{"ok":true}', error: undefined });
    const { output } = success('x'.repeat(9000));
    expect(output).toMatch(/^x{8000}\n\[The rest of the answer was left out/);
    expect(success(`${'x'.repeat(7999)}😀`.padEnd(9000)).output).toMatch(/^x{7999}\n\[The rest/);
  });

  const failures: [ToolFailure, string, RegExp][] = [
    [{ code: 'bad-arguments', detail: 'day is missing' }, 'bad-arguments', /not run.*day is missing/],
    [{ code: 'timeout' }, 'timeout', /in time.*not known/],
    [{ code: 'network' }, 'network', /broke.*not known/],
    [{ code: 'unreachable' }, 'unreachable', /It was not run/],
    [{ code: 'too-large' }, 'too-large', /cannot be read.*probably done/],
    [{ code: 'not-text' }, 'not-text', /cannot be read/],
    [{ code: 'not-json' }, 'not-json', /cannot be read/],
    [{ code: 'call-over' }, 'call-over', /call was over/],
    [{ code: 'failed' }, 'failed', /failed/],
    [{ code: 'http', status: 302, words: undefined }, 'http-302', /not set up properly/],
    [{ code: 'http', status: 404, words: undefined }, 'http-404', /refused.*404/],
    [{ code: 'http', status: 409, words: 'Fully booked.' }, 'http-409', /^Fully booked\.$/],
    [{ code: 'http', status: 503, words: undefined }, 'http-503', /failed.*503.*not known/],
  ];

  it.each(failures)('is a sentence and a code when it is %j', (why, code, sentence) => {
    const { ok, output, error } = failure('POST', why);
    expect([ok, error]).toEqual([false, code]);
    expect((JSON.parse(output) as { error: string }).error).toMatch(sentence);
  });

  it('leaves no doubt about a GET, which changes nothing', () => {
    for (const [why] of failures) expect(failure('GET', why).output).not.toMatch(/not known|probably/);
  });

  it('takes the sentence of a refusal from its "error" alone', () => {
    expect(refusalWords('{"error":" No such order. ","trace":"at x.js"}')).toBe('No such order.');
    expect(refusalWords(`{"error":"${'x'.repeat(600)}"}`)).toHaveLength(500);
    for (const json of ['{"error":{"message":"x"}}', '{"error":""}', '["error"]', '"error"', 'null', '{}']) {
      expect(refusalWords(json)).toBeUndefined();
    }
  });
});
