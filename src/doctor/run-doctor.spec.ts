import { type Check, ok } from './check.js';
import { type NamedResult } from './report.js';
import { problemAndFix, runDoctor } from './run-doctor.js';

const ENV = { OPENAI_API_KEY: 'sk-hush', TELNYX_API_KEY: 'KEY-hush', WEBHOOK_SIGNATURE: 'off' };
const options = { number: undefined, timeoutMs: 1000 };

function check(name: string, run: Check['run']): Check {
  return { name, run };
}

describe('runDoctor', () => {
  it('tells each result as it comes, and hands on what earlier checks found', async () => {
    const told: string[] = [];
    const first = check('first', async (context) => {
      context.found.telnyxAnswers = true;
      return ok('found');
    });
    const second = check('second', async ({ found }) => ok(`${told.length} told, ${found.telnyxAnswers}`));
    const results = await runDoctor(
      [first, second],
      options,
      ({ name }) => told.push(name),
      () => ENV,
    );
    expect(told).toEqual(['configuration', 'first', 'second']);
    expect(results.at(-1)).toEqual({ name: 'second', status: 'ok', detail: '2 told, true' });
  });

  it('goes on after a check that broke, and shows no secret in what it said', async () => {
    const broken = check('broken', () => Promise.reject(new Error('sk-hush was refused')));
    const after = check('after', async () => ok('KEY-hush'));
    const results = await runDoctor(
      [broken, after],
      options,
      () => undefined,
      () => ENV,
    );
    expect(results.map(({ name, status }) => [name, status])).toEqual([
      ['configuration', 'warn'],
      ['broken', 'fail'],
      ['after', 'ok'],
    ]);
    expect(JSON.stringify(results)).not.toContain('hush');
  });

  it('reports every configuration problem with its fix, and tries nothing then', async () => {
    const never = check('never', () => Promise.reject(new Error('was run')));
    const env = { ...ENV, VOICE: 'nova', LOG_LEVEL: 'loud' };
    const results: NamedResult[] = await runDoctor(
      [never],
      options,
      () => undefined,
      () => env,
    );
    expect(results).toEqual([
      expect.objectContaining({ status: 'fail', detail: 'VOICE: is a voice of the speech (TTS) API only' }),
      expect.objectContaining({
        status: 'fail',
        detail: expect.stringMatching(/^LOG_LEVEL: must be one of/) as string,
      }),
    ]);
  });
});

describe('problemAndFix', () => {
  it('takes what is wrong and what would be right apart', () => {
    expect(problemAndFix('X: is missing; set it; or not')).toEqual({ detail: 'X: is missing', fix: 'set it; or not' });
    expect(problemAndFix('X: must be on or off')).toMatchObject({ detail: 'X: must be on or off' });
  });
});
