import { config, LEAST, load, problem, problems } from '../spec-support.js';

const TOKEN_SECRET = 'a-secret-of-32-characters-or-so!';
const SHARED = { REDIS_URL: 'redis://redis:6379', STREAM_TOKEN_SECRET: TOKEN_SECRET };
const SENTINELS = { REDIS_SENTINELS: 'one:26379, two', REDIS_SENTINEL_NAME: 'main', STREAM_TOKEN_SECRET: TOKEN_SECRET };

describe('Redis', () => {
  it('is not there unless it is named', () => {
    expect(config().redis).toBeUndefined();
    expect(config().fleet).toEqual({ heartbeatMs: 500, silentMs: 1000, leaseMs: 5000 });
  });

  it('is reached by a URL with all that it holds', () => {
    const url = 'rediss://parley:pass%2Fword@redis.example.com:6380/3';
    const { redis } = config({ ...SHARED, REDIS_URL: url });
    expect(redis).toMatchObject({
      username: undefined,
      password: undefined,
      tlsCa: undefined,
      sentinel: undefined,
      cluster: false,
      keyPrefix: 'parley:',
      commandTimeoutMs: 200,
      failureMode: 'degrade',
    });
    expect(redis?.url?.value).toBe(url);
    expect(JSON.stringify(redis)).not.toContain('pass');
  });

  it('takes its URL, password and certificates from files that are watched', () => {
    const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
    const { config, secretFiles } = load(
      {
        ...LEAST,
        STREAM_TOKEN_SECRET: TOKEN_SECRET,
        REDIS_URL_FILE: '/run/url',
        REDIS_PASSWORD_FILE: '/run/password',
        REDIS_TLS_CA_FILE: '/run/ca',
      },
      { '/run/url': 'rediss://redis\n', '/run/password': 'hunter2\n', '/run/ca': pem },
    );
    expect(config.redis?.password?.value).toBe('hunter2');
    expect(config.redis?.tlsCa?.value).toBe(pem);
    expect(secretFiles.map(({ name }) => name)).toEqual(['REDIS_URL', 'REDIS_PASSWORD', 'REDIS_TLS_CA']);
  });

  it('is found through sentinels', () => {
    expect(config({ ...SENTINELS, REDIS_SENTINEL_TLS: 'on' }).redis).toMatchObject({
      url: undefined,
      sentinel: {
        hosts: [
          { host: 'one', port: 26379 },
          { host: 'two', port: 26379 },
        ],
        name: 'main',
        password: undefined,
        tls: true,
      },
    });
    expect(config({ ...SENTINELS, REDIS_SENTINELS: '[fd00::1]:7' }).redis?.sentinel?.hosts).toEqual([
      { host: 'fd00::1', port: 7 },
    ]);
  });

  it.each([
    ['REDIS_URL', 'http://redis', /redis:\/\//],
    ['REDIS_URL', 'redis:6379', /names no host|must begin|is not a URL/],
    ['REDIS_URL', 'redis://redis/first', /number of a database/],
    ['REDIS_URL', 'redis://redis?tls=1', /query/],
    ['REDIS_URL', 'redis://:100%@redis', /%25/],
    ['REDIS_KEY_PREFIX', 'a{b}', /letters, digits/],
    ['REDIS_COMMAND_TIMEOUT_MS', '10', /20 to 5000/],
    ['REDIS_FAILURE_MODE', 'strict', /degrade, refuse/],
    ['REDIS_TLS_CA', '/run/ca.pem', /PEM/],
    ['REDIS_CLUSTER', 'yes', /on or off/],
    ['POD_SILENT_MS', '900', /twice POD_HEARTBEAT_MS/],
    ['CALL_LEASE_MS', '500', /1000 to 60000/],
  ])('says what %s=%s should be', (name, value, expected) => {
    const line = problem({ ...SHARED, [name]: value });
    expect(line.startsWith(`${name}: `)).toBe(true);
    expect(line).toMatch(expected);
  });

  it.each(['sentinel:0', 'sentinel:99999', 'a b:1', 'one:1,,two:2', 'redis://one'])(
    'refuses %s as sentinels',
    (value) => {
      expect(problem({ ...SENTINELS, REDIS_SENTINELS: value })).toMatch(/^REDIS_SENTINELS: must be hosts with ports/);
    },
  );

  it('needs an explicit secret that pods know each other by', () => {
    expect(problem({ REDIS_URL: 'redis://redis' })).toMatch(/^STREAM_TOKEN_SECRET: is missing.*openssl rand/);
    expect(problem({ ...SENTINELS, STREAM_TOKEN_SECRET: '' })).toMatch(/^STREAM_TOKEN_SECRET: is missing/);
  });

  it('is reached in one way only', () => {
    expect(problem({ ...SHARED, ...SENTINELS })).toMatch(/^REDIS_SENTINELS: .*REDIS_URL; give one/);
    expect(problem({ ...SENTINELS, REDIS_CLUSTER: 'on' })).toMatch(/^REDIS_CLUSTER: must be off/);
    expect(problem({ ...SENTINELS, REDIS_SENTINEL_NAME: '' })).toMatch(/^REDIS_SENTINEL_NAME: is missing/);
    expect(problem({ ...SHARED, REDIS_URL: 'redis://redis/2', REDIS_CLUSTER: 'on' })).toMatch(/^REDIS_URL: .*database/);
    expect(problems({ ...LEAST, ...SHARED, REDIS_URL: 'redis://redis/0', REDIS_CLUSTER: 'on' })).toEqual([]);
  });

  it('has to answer before a lease is due again', () => {
    expect(problem({ ...SHARED, CALL_LEASE_MS: '1000', REDIS_COMMAND_TIMEOUT_MS: '400' })).toMatch(
      /^CALL_LEASE_MS: leaves no time/,
    );
  });

  it('that is not there leaves its settings without use', () => {
    expect(load({ ...LEAST, REDIS_PASSWORD: 'x', CALL_LEASE_MS: '6000', DRAIN_HANDOVER_AFTER: '1' }).warnings).toEqual([
      'REDIS_PASSWORD: is not used, because REDIS_URL is not set',
      'CALL_LEASE_MS: is not used, because REDIS_URL is not set',
      'DRAIN_HANDOVER_AFTER: is not used, because REDIS_URL is not set',
    ]);
    expect(load({ ...LEAST, ...SHARED, REDIS_SENTINEL_PASSWORD: 'x' }).warnings).toEqual([
      'REDIS_SENTINEL_PASSWORD: is not used, because REDIS_SENTINELS is not set',
    ]);
    expect(load({ ...LEAST, ...SHARED }).warnings).toEqual([]);
  });
});
