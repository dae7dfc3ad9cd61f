import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PinoLogger } from 'nestjs-pino';
import { freePort, RedisServer } from '../../../test/support/redis-server.js';
import { type RedisConfig } from '../../config/config.js';
import { Secret } from '../../config/secret.js';
import { redisPlace } from './redis-client.js';
import { RedisCallDirectory } from './redis-call-directory.js';
import { podNamed } from './testing/made-up.js';
import { keptLog, redisConfig, until } from './testing/redis-stage.js';

const PASSWORD = 'p@ss/w:rd %41';

describe('Redis is reached', () => {
  const log = new PinoLogger({ pinoHttp: { enabled: false } });
  const state = { pod: podNamed('anna'), activeCalls: 0, maxCalls: 1, draining: false };
  let server: RedisServer;

  const worksWith = async (config: RedisConfig): Promise<void> => {
    const directory = new RedisCallDirectory(config, 5000, log);
    try {
      await expect(directory.beat(state)).resolves.toHaveLength(1);
      await expect(directory.firstSight(`${Math.random()}`)).resolves.toBe(true);
    } finally {
      await directory.close();
    }
  };
  const failsWith = async (config: RedisConfig, expected: RegExp): Promise<void> => {
    const lines: string[] = [];
    const directory = new RedisCallDirectory(config, 5000, keptLog(lines));
    await expect(directory.beat(state)).rejects.toThrow(expected);
    expect(lines.join()).not.toContain(PASSWORD);
    await directory.close();
  };

  afterEach(() => server.close());

  it('by a password, in the URL or beside it, and again when it has changed', async () => {
    server = await RedisServer.start({ args: ['--requirepass', PASSWORD], auth: { password: PASSWORD } });
    await worksWith(redisConfig({ url: `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${server.port}/3` }));
    await failsWith(redisConfig({ url: server.url }), /NOAUTH/);
    await failsWith(redisConfig({ url: server.url, password: new Secret('wrong') }), /WRONGPASS/);

    const password = new Secret(PASSWORD);
    const lines: string[] = [];
    const directory = new RedisCallDirectory(redisConfig({ url: server.url, password }), 5000, keptLog(lines));
    await directory.beat(state);
    password.replace('not yet right');
    await server.stop();
    await until('the loss', () => !directory.available);
    await server.start();
    await until('a refusal', () =>
      directory.find('x').then(
        () => false,
        (error: Error) => /WRONGPASS/.test(error.message),
      ),
    );
    password.replace(PASSWORD);
    await until('Redis', () => directory.available);
    expect(lines.join()).not.toMatch(/not yet right|p@ss/);
    await directory.close();
  });

  it('as an ACL user that may do only what Parley does', async () => {
    server = await RedisServer.start();
    await server.command(
      'ACL',
      'SETUSER',
      'gateway',
      'on',
      `>${PASSWORD}`,
      '~parley:*',
      'resetchannels',
      '-@all',
      '+@connection',
      '+@scripting',
      '+@hash',
      '+@set',
      '+@sortedset',
      '+@string',
      '+@keyspace',
      '+time',
      '-@dangerous',
    );
    const known = { username: 'gateway', password: new Secret(PASSWORD) };
    await worksWith(redisConfig({ url: server.url, ...known }));
    await failsWith(redisConfig({ url: server.url, ...known, keyPrefix: 'other:' }), /NOPERM|can't access|key/i);
  });

  describe('over TLS', () => {
    let dir: string;
    let port: number;
    beforeEach(async () => {
      dir = mkdtempSync(join(tmpdir(), 'parley-tls-'));
      const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' });
      const subject = ['-subj', '/CN=test', '-days', '2', '-newkey', 'rsa:2048', '-nodes'];
      openssl(
        'req',
        '-x509',
        ...subject,
        '-keyout',
        'ca.key',
        '-out',
        'ca.pem',
        '-addext',
        'basicConstraints=critical,CA:TRUE',
      );
      openssl(
        'req',
        ...subject.filter((word) => word !== '-days' && word !== '2'),
        '-keyout',
        'server.key',
        '-out',
        'server.csr',
      );
      writeFileSync(join(dir, 'ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
      openssl(
        'x509',
        '-req',
        '-in',
        'server.csr',
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-days',
        '2',
        '-extfile',
        'ext',
        '-out',
        'server.pem',
      );
      port = await freePort();
      const file = (name: string): string => join(dir, name);
      server = await RedisServer.start({
        args: [
          '--tls-port',
          `${port}`,
          '--tls-cert-file',
          file('server.pem'),
          '--tls-key-file',
          file('server.key'),
          '--tls-ca-cert-file',
          file('ca.pem'),
          '--tls-auth-clients',
          'no',
        ],
      });
    });
    afterEach(() => rmSync(dir, { recursive: true, force: true }));

    it('that a certificate of ours proves, and nothing else', async () => {
      const tlsCa = new Secret(readFileSync(join(dir, 'ca.pem'), 'utf8'));
      await worksWith(redisConfig({ url: `rediss://127.0.0.1:${port}`, tlsCa }));
      await worksWith(redisConfig({ url: `rediss://localhost:${port}`, tlsCa }));
      await failsWith(redisConfig({ url: `rediss://127.0.0.1:${port}` }), /certificate/i);
      await failsWith(redisConfig({ url: `rediss://127.0.0.1:${server.port}`, tlsCa }), /./);
    });
  });
});

describe('redisPlace', () => {
  it('takes a URL apart', () => {
    expect(redisPlace('redis://redis')).toEqual({ host: 'redis', port: 6379, db: 0, tls: false });
    expect(redisPlace(`rediss://me:${encodeURIComponent(PASSWORD)}@[::1]:7000/12`)).toEqual({
      host: '::1',
      port: 7000,
      username: 'me',
      password: PASSWORD,
      db: 12,
      tls: true,
    });
  });
});
