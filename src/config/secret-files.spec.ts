import { mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from './load-config.js';
import { SecretFiles } from './secret-files.js';

describe('SecretFiles', () => {
  let folder: string;
  let path: string;
  let changed: string[];
  let problems: string[];
  let files: SecretFiles;

  async function start(content: string, intervalMs?: number): Promise<ReturnType<typeof loadConfig>> {
    await writeFile(path, content);
    const loaded = loadConfig(
      { OPENAI_API_KEY_FILE: path, TELNYX_API_KEY: 'KEY-test', WEBHOOK_SIGNATURE: 'off' },
      { readFile: (file) => readFileSync(file, 'utf8') },
    );
    files = new SecretFiles(loaded.secretFiles, {
      ...(intervalMs === undefined ? {} : { intervalMs }),
      onChange: (name) => changed.push(name),
      onProblem: (name, problem) => problems.push(`${name}: ${problem}`),
    });
    return loaded;
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'config-secret-'));
    path = join(folder, 'key');
    changed = [];
    problems = [];
  });

  afterEach(async () => {
    files.close();
    await rm(folder, { recursive: true });
  });

  it('takes a changed file’s content, in the Secret that everyone already holds', async () => {
    const { config } = await start('sk-one');
    const held = config.openai.apiKey;
    await files.check();
    expect(changed).toEqual([]);
    await writeFile(path, 'sk-two\n');
    await files.check();
    expect(held.value).toBe('sk-two');
    expect(held.previous).toBe('sk-one');
    expect(changed).toEqual(['OPENAI_API_KEY']);
  });

  it('follows a swapped symbolic link, which is how a mounted Kubernetes Secret changes', async () => {
    await writeFile(join(folder, 'v1'), 'sk-one');
    await writeFile(join(folder, 'v2'), 'sk-two');
    await symlink('v1', join(folder, 'current'));
    path = join(folder, 'current');
    const { config } = await start(await readFile(path, 'utf8'));
    await symlink('v2', join(folder, 'next'));
    await rename(join(folder, 'next'), path);
    await files.check();
    expect(config.openai.apiKey.value).toBe('sk-two');
  });

  it('keeps the old value when the file breaks, says so once, and recovers', async () => {
    const { config } = await start('sk-one');
    await rm(path);
    await files.check();
    await files.check();
    await writeFile(path, 'two words');
    await files.check();
    expect(config.openai.apiKey.value).toBe('sk-one');
    expect(problems).toEqual([
      expect.stringMatching(/^OPENAI_API_KEY: .*no such file/),
      expect.stringMatching(/^OPENAI_API_KEY: .*white space/),
    ]);
    expect(problems.join()).not.toContain('two words');
    await writeFile(path, 'sk-two');
    await files.check();
    expect(config.openai.apiKey.value).toBe('sk-two');
  });

  it('looks by itself, again and again', async () => {
    let seen: () => void = () => undefined;
    const change = new Promise<void>((resolve) => (seen = resolve));
    changed.push = (): number => {
      seen();
      return 1;
    };
    const { config } = await start('sk-one', 5);
    await writeFile(`${path}.new`, 'sk-two');
    await rename(`${path}.new`, path);
    await change;
    expect(config.openai.apiKey.value).toBe('sk-two');
  });
});
