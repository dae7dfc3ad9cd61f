import { checkServerIdentity } from 'node:tls';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { type RedisConfig } from '../../config/config.js';
import * as callScripts from './scripts/call-scripts.js';
import * as fleetScripts from './scripts/fleet-scripts.js';
import { type Script } from './scripts/script.js';

export type RedisClient = Redis | Cluster;

export interface RedisNode {
  host: string;
  port: number;
}

const REDIS_PORT = 6379;
/** For one address or sentinel; several may have to be tried. */
const CONNECT_TIMEOUT_MS = 1000;
/** A connection that is given up is not kept half open for longer than this. */
const DISCONNECT_TIMEOUT_MS = 100;
/** A node of a cluster that does not have the slot any more names the one that has. */
const MAX_REDIRECTIONS = 5;
const REDIRECTION_DELAY_MS = 20;

const SCRIPTS: Script[] = [...Object.values(callScripts), ...Object.values(fleetScripts)];

/** What a URL says of how Redis is reached. */
export function redisPlace(
  url: string,
): RedisNode & { username?: string; password?: string; db: number; tls: boolean } {
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? REDIS_PORT : Number(port),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    db: Number(pathname.replaceAll('/', '')),
    tls: protocol === 'rediss:',
  };
}

/**
 * A client that is used for one connection and then thrown away: it neither connects again nor repeats a command by
 * itself, so that a command either has its effect now or fails now, and so that secrets are read anew each time.
 *
 * @param known nodes of a cluster as last seen, for when the one in the configuration is the one that is gone.
 */
export function redisClient(config: RedisConfig, known: readonly RedisNode[] = []): RedisClient {
  const place = config.url === undefined ? undefined : redisPlace(config.url.value);
  const tls = place?.tls === true || config.sentinel?.tls === true;
  const options: RedisOptions = {
    ...access(config, place),
    ...(tls ? { tls: tlsOptions(config) } : {}),
    lazyConnect: true,
    // A command is tried when it is there to be tried; see `RedisLink`, which waits for a connection within a bound.
    enableOfflineQueue: false,
    // Redis that loads, or does not take writes, is found out by a write: INFO says less, and an ACL may forbid it.
    enableReadyCheck: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    connectionName: 'parley',
  };
  const client = config.cluster ? cluster(options, place, known) : single(config, options, place);
  for (const { name, keys, lua } of SCRIPTS) client.defineCommand(name, { numberOfKeys: keys, lua });
  return client;
}

/** Runs a script; text in its reply comes as Buffers. */
export function runScript(
  client: RedisClient,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number | Buffer)[],
): Promise<unknown> {
  const commands = client as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const command = commands[`${script.name}Buffer`];
  if (command === undefined) throw new Error(`no such script: ${script.name}`);
  return command.call(client, ...keys, ...args);
}

function access(config: RedisConfig, place: ReturnType<typeof redisPlace> | undefined): RedisOptions {
  const username = place?.username ?? config.username;
  const password = place?.password ?? config.password?.value;
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
}

type TlsOptions = NonNullable<RedisOptions['tls']>;

function tlsOptions(config: RedisConfig): TlsOptions {
  return config.tlsCa === undefined ? {} : { ca: config.tlsCa.value };
}

/** A cluster tells its nodes' addresses, and certificates seldom name those: the name that we were given counts as well. */
function namedLike(seed: string, options: TlsOptions): TlsOptions {
  return {
    ...options,
    checkServerIdentity: (host, certificate) =>
      checkServerIdentity(host, certificate) && checkServerIdentity(seed, certificate),
  };
}

function single(config: RedisConfig, options: RedisOptions, place: (RedisNode & { db: number }) | undefined): Redis {
  if (config.sentinel === undefined) {
    return new Redis({ ...options, ...(place && { host: place.host, port: place.port, db: place.db }) });
  }
  const { hosts, name, password, tls } = config.sentinel;
  return new Redis({
    ...options,
    sentinels: hosts.map((host) => ({ ...host })),
    name,
    ...(password === undefined ? {} : { sentinelPassword: password.value }),
    ...(tls ? { sentinelTLS: tlsOptions(config), enableTLSForSentinelMode: true } : {}),
    sentinelCommandTimeout: CONNECT_TIMEOUT_MS,
    sentinelRetryStrategy: () => null,
  });
}

function cluster(options: RedisOptions, place: RedisNode | undefined, known: readonly RedisNode[]): Cluster {
  const { lazyConnect, enableOfflineQueue, enableReadyCheck, retryStrategy: _, tls, ...redisOptions } = options;
  const nodes = [...(place === undefined ? [] : [{ host: place.host, port: place.port }]), ...known];
  return new Cluster(nodes, {
    lazyConnect,
    enableOfflineQueue,
    enableReadyCheck,
    clusterRetryStrategy: () => null,
    maxRedirections: MAX_REDIRECTIONS,
    retryDelayOnFailover: REDIRECTION_DELAY_MS,
    retryDelayOnClusterDown: REDIRECTION_DELAY_MS,
    retryDelayOnTryAgain: REDIRECTION_DELAY_MS,
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    // The host itself, not its address: certificates are for names, and each connection looks it up anyway.
    dnsLookup: (host, found) => found(null, host),
    redisOptions: { ...redisOptions, ...(tls && place ? { tls: namedLike(place.host, tls) } : {}) },
  });
}
