import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '../common/fake-clock.js';
import { KEY_SETTLE_MS, Keyring } from '../common/keyring.js';
import { loadConfig } from './load-config.js';
import { secretList } from './secret-list.js';
import { SecretFiles } from './secret-files.js';
import { config, problem } from './spec-support.js';

const A = 'sixteen letters!';
const B = 'seventeen letters';

describe('STREAM_TOKEN_SECRET', () => {
  it('is one secret or several, newest first, between commas or new lines', () => {
    expect(secretList(A)).toEqual([A]);
    expect(secretList(`${A},${B}`)).toEqual([A, B]);
    expect(secretList(` ${A} \r\n\n ${B},\n`)).toEqual([A, B]);
    expect(secretList(`${A},${B},${A}`)).toEqual([A, B]);
    expect(config({ STREAM_TOKEN_SECRET: `${A},${B}` }).stream.tokenSecret.value).toBe(`${A},${B}`);
  });

  it('says which of several secrets is too short, without a word of it', () => {
    expect(problem({ STREAM_TOKEN_SECRET: `${A},short` })).toMatch(/^STREAM_TOKEN_SECRET: secret 2 of 2 is too short/);
    expect(problem({ STREAM_TOKEN_SECRET: 'short' })).toMatch(/^STREAM_TOKEN_SECRET: is too short/);
    expect(problem({ STREAM_TOKEN_SECRET: ' , ,' })).toMatch(/^STREAM_TOKEN_SECRET: has no secret in it/);
  });

  it('is rotated by its file, and keeps the list that it has while the file is wrong', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stream-secret-'));
    const path = join(folder, 'secret');
    await writeFile(path, `${A}\n`);
    const env = { OPENAI_API_KEY: 'sk', TELNYX_API_KEY: 'KEY', WEBHOOK_SIGNATURE: 'off' };
    const loaded = loadConfig({ ...env, STREAM_TOKEN_SECRET_FILE: path });
    const problems: string[] = [];
    const files = new SecretFiles(loaded.secretFiles, { onProblem: (_name, wrong) => problems.push(wrong) });
    try {
      const clock = new FakeClock();
      const ring = new Keyring(loaded.config.stream.tokenSecret, clock);
      const old = ring.sign('p', 'x');
      await writeFile(path, `${B}\n${A}\n`);
      await files.check();
      expect(ring.sign('p', 'x')).toEqual(old);
      clock.advance(KEY_SETTLE_MS);
      const fresh = ring.sign('p', 'x');
      expect(fresh.keyId).not.toBe(old.keyId);
      await writeFile(path, `${B}\nshort\n`);
      await files.check();
      expect(problems).toEqual([expect.stringMatching(/secret 2 of 2 is too short/)]);
      for (const { keyId, mac } of [old, fresh]) expect(ring.verify('p', 'x', keyId, mac)).toBe(true);
      await writeFile(path, B);
      await files.check();
      expect(ring.sign('p', 'x')).toEqual(fresh);
      expect(ring.verify('p', 'x', old.keyId, old.mac)).toBe(true);
    } finally {
      files.close();
      await rm(folder, { recursive: true });
    }
  });
});
