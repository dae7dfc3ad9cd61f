import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from './config-error.js';
import { loadDotEnv } from './env-file.js';

describe('loadDotEnv', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'config-env-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('reads the file under the environment, which wins, and leaves the environment alone', () => {
    const path = join(folder, '.env');
    writeFileSync(path, '# comment\nVOICE=cedar\nPORT=7000\nINSTRUCTIONS="two\nlines"\n');
    const env = { PORT: '8000' };
    expect(loadDotEnv(path, env)).toEqual({ VOICE: 'cedar', PORT: '8000', INSTRUCTIONS: 'two\nlines' });
    expect(env).toEqual({ PORT: '8000' });
  });

  it('does without the file', () => {
    expect(loadDotEnv(join(folder, 'none'), { PORT: '1' })).toEqual({ PORT: '1' });
  });

  it('says when the file is there and cannot be read', () => {
    expect(() => loadDotEnv(folder, {})).toThrow(ConfigError);
    expect(() => loadDotEnv(folder, {})).toThrow(/it is a folder/);
  });
});
