import { isIP } from 'node:net';
import { fromText, integer, oneOf, onOff, problem, text } from '../schemas.js';
import { settings } from '../setting.js';
import { redisUrl } from '../urls.js';

export interface HostAndPort {
  host: string;
  port: number;
}

/** After so much of CALL_LEASE_MS a lease is renewed: there is time for three tries, of which one may be lost and one late. */
export const RENEW_SHARE = 0.3;

const SENTINEL_PORT = 26_379;

function hostAndPort(entry: string): HostAndPort | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:\s]+))(?::(\d{1,5}))?$/.exec(entry) ?? [];
  const host = bracketed ?? plain;
  const number = port === undefined ? SENTINEL_PORT : Number(port);
  if (host === undefined || number < 1 || number > 65_535) return undefined;
  const named = bracketed === undefined ? /^[A-Za-z0-9._-]+$/.test(host) : isIP(bracketed) === 6;
  return named ? { host, port: number } : undefined;
}

const hostList = fromText((value): HostAndPort[] | ReturnType<typeof problem> => {
  const found = value.split(',').map((entry) => hostAndPort(entry.trim()));
  const hosts = found.filter((entry) => entry !== undefined);
  return hosts.length === found.length
    ? hosts
    : problem('must be hosts with ports, like sentinel-0:26379,sentinel-1:26379');
});

/** Braces would move the mark by which Redis Cluster keeps the keys of a call together. */
const keyPrefix = fromText((value) =>
  /^[A-Za-z0-9:._/-]{1,64}$/.test(value) ? value : problem('must be letters, digits and : . _ / - (64 at most)'),
);

const certificates = fromText((value) =>
  value.includes('-----BEGIN CERTIFICATE-----')
    ? value
    : problem('is no certificate in PEM form; it must hold a line -----BEGIN CERTIFICATE-----'),
);

export const redis = settings({
  REDIS_URL: {
    meaning:
      'Where all pods find each other and their calls: `redis://` or `rediss://` (TLS), with user, password and database if needed. Without it there is one pod.',
    schema: redisUrl,
    defaultNote: 'none: in memory',
    fromFile: 'secret',
  },
  REDIS_USERNAME: { meaning: 'ACL user, where REDIS_URL does not hold it.', schema: text() },
  REDIS_PASSWORD: {
    meaning: 'Where REDIS_URL does not hold it. A changed file counts from the next connection on.',
    schema: text(),
    fromFile: 'secret',
  },
  REDIS_TLS_CA: {
    meaning: "Certificates (PEM) that sign Redis' own, usually as REDIS_TLS_CA_FILE.",
    schema: certificates,
    defaultNote: 'those of Node.js',
    fromFile: 'secret',
  },
  REDIS_SENTINELS: {
    meaning: 'Instead of REDIS_URL: sentinels that know the current master, as `host:port`, separated by commas.',
    schema: hostList,
  },
  REDIS_SENTINEL_NAME: {
    meaning: "The master's name with the sentinels. Required with REDIS_SENTINELS.",
    schema: text(),
  },
  REDIS_SENTINEL_PASSWORD: {
    meaning: 'Password of the sentinels themselves; that of Redis is REDIS_PASSWORD.',
    schema: text(),
    fromFile: 'secret',
  },
  REDIS_SENTINEL_TLS: {
    meaning: 'With REDIS_SENTINELS: sentinels and Redis are reached over TLS. Elsewhere `rediss://` says so.',
    schema: onOff(),
    default: 'off',
  },
  REDIS_CLUSTER: {
    meaning: '`on`: REDIS_URL is a node of a Redis Cluster, from which the others are found.',
    schema: onOff(),
    default: 'off',
  },
  REDIS_KEY_PREFIX: {
    meaning: 'Beginning of every key, so that several installations can share a Redis.',
    schema: keyPrefix,
    default: 'parley:',
  },
  REDIS_COMMAND_TIMEOUT_MS: {
    meaning: 'Longest wait for an answer of Redis; after it the call goes on without.',
    schema: integer(20, 5000, 'ms'),
    default: '200',
  },
  REDIS_FAILURE_MODE: {
    meaning:
      'New calls while Redis is away: `degrade` takes them (only their pod knows them), `refuse` rejects them as busy.',
    schema: oneOf(['degrade', 'refuse']),
    default: 'degrade',
  },
  POD_HEARTBEAT_MS: {
    meaning: 'How often a pod says that it lives.',
    schema: integer(100, 10_000, 'ms'),
    default: '500',
  },
  POD_SILENT_MS: {
    meaning: 'A pod silent for this long is asked directly whether it lives; at least twice POD_HEARTBEAT_MS.',
    schema: integer(200, 60_000, 'ms'),
    default: '1000',
  },
  CALL_LEASE_MS: {
    meaning:
      'How long a pod keeps its calls without a sign of life, where its host does not answer at all. Renewed three times within it.',
    schema: integer(1000, 60_000, 'ms'),
    default: '5000',
  },
});
