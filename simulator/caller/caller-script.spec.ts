import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tone } from '../audio/signals.js';
import { encodeWav } from '../audio/wav.js';
import { CallerScriptError, loadCallerScript, parseCallerScript, prepareScript } from './caller-script.js';
import { BOOKING_CALL } from './scripts.js';

describe('a caller script', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-script-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('may say clips and files, press keys, wait and hang up', async () => {
    writeFileSync(join(folder, 'hello.wav'), encodeWav(8000, [tone(440, 100)]));
    const path = join(folder, 'script.json');
    writeFileSync(
      path,
      JSON.stringify({
        name: 'everything',
        steps: [
          { say: 'caller-booking', after: 'assistant-finished' },
          { say: 'hello.wav', interruptAfterMs: 500 },
          { press: '12#', after: 300 },
          { wait: 'assistant-started', timeoutMs: 5000 },
          { wait: 'hung-up', orHangUp: true },
        ],
      }),
    );
    const script = await loadCallerScript(path);
    expect(script.steps).toHaveLength(5);
    expect([...script.audio.keys()]).toEqual(['caller-booking', 'hello.wav']);
    expect(script.audio.get('caller-booking')?.words).toMatch(/^Hi, I would like to book/);
    expect(script.audio.get('hello.wav')?.samples).toEqual(tone(440, 100));
  });

  it('has a default that the demo plays', () => {
    expect(prepareScript(BOOKING_CALL).audio.size).toBe(3);
  });

  it.each([
    ['no steps', { steps: [] }, /steps/],
    ['an unknown step', { steps: [{ sing: 'a song' }] }, /steps\.0: a step is one of/],
    ['a misspelt field', { steps: [{ say: 'caller-booking', afer: 'answered' }] }, /steps\.0/],
    ['a key that no telephone has', { steps: [{ press: '1x' }] }, /steps\.0/],
    ['two moments at once', { steps: [{ say: 'caller-booking', after: 5, interruptAfterMs: 5 }] }, /steps\.0/],
    ['something after the end', { steps: [{ wait: 'hung-up' }, { hangUp: true }] }, /steps: nothing can follow/],
    ['a negative time', { steps: [{ wait: -1 }] }, /steps\.0/],
    ['something else', 'hello', /script/],
  ])('is refused with the place of the fault: %s', (_, value, fault) => {
    expect(() => parseCallerScript(value)).toThrow(CallerScriptError);
    expect(() => parseCallerScript(value)).toThrow(fault);
  });

  it('is refused before the call when a recording is missing, naming the clips there are', () => {
    const script = { steps: [{ hangUp: true as const }, { say: 'nothing.wav' }] };
    expect(() => prepareScript(script, folder)).toThrow(CallerScriptError);
    expect(() => prepareScript(script, folder)).toThrow(/steps\.1\.say: nothing\.wav .*caller-booking/);
  });

  it('is refused when the file is no JSON or is not there', async () => {
    const path = join(folder, 'broken.json');
    writeFileSync(path, '{ steps: ');
    await expect(loadCallerScript(path)).rejects.toThrow(CallerScriptError);
    await expect(loadCallerScript(join(folder, 'none.json'))).rejects.toThrow(CallerScriptError);
  });
});
