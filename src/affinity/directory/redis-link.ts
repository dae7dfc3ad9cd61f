import { Cluster } from 'ioredis';
import { type PinoLogger } from 'nestjs-pino';
import { systemClock } from '../../common/clock.js';
import { within } from '../../common/within.js';
import { type RedisConfig } from '../../config/config.js';
import { DirectoryUnavailable } from '../call-directory.js';
import { redisClient, type RedisClient, type RedisNode, runScript } from './redis-client.js';
import { type RedisKeys } from './redis-keys.js';
import { PROBE } from './scripts/fleet-scripts.js';
import { type Script } from './scripts/script.js';

/** For all that a connection takes: names, TLS, sentinels one after the other, slots of a cluster. */
const OPEN_TIMEOUT_MS = 3000;
/** Tried again at once, then after a little more each time, up to this; with 20 % of chance, or all pods come together. */
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 500;
const JITTER = 0.2;

/** Replies by which Redis says that it cannot do its work now, or not for us. Others are mistakes in what was asked. */
const AWAY =
  /\b(READONLY|LOADING|CLUSTERDOWN|NOREPLICAS|MISCONF|MASTERDOWN|TRYAGAIN|OOM|BUSY|NOAUTH|WRONGPASS|NOPERM|max number of clients)\b/;
const LONGEST_CAUSE = 200;

class TimedOut extends Error {
  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

type State = 'new' | 'up' | 'away' | 'closed';

/**
 * The connection to Redis, with a breaker: whoever finds Redis away waits for it within the bound, and until a write has
 * worked again, everybody else is told at once. It is tried in the background, with a client of its own each time, so that
 * a failover, a changed password and a connection that has died silently are all the same thing.
 */
export class RedisLink {
  private state: State = 'new';
  private client: RedisClient | undefined;
  private opening: Promise<RedisClient> | undefined;
  /** Connecting; not yet `client`. */
  private candidate: RedisClient | undefined;
  private known: RedisNode[] = [];
  private cause = '';
  private warned = false;
  private readonly reported = new Set<string>();
  private retryMs = 0;
  private retry: NodeJS.Timeout | undefined;
  /** Since it went away: the next one may lead to another Redis, or to one that was started anew. */
  private connectedAnew = false;
  private readonly listeners: ((mayBeEmpty: boolean) => void)[] = [];

  constructor(
    private readonly config: RedisConfig,
    private readonly keys: RedisKeys,
    private readonly log: PinoLogger,
  ) {}

  get available(): boolean {
    return this.state === 'new' || this.state === 'up';
  }

  /** @param listener gets false where the connection is still the same one, so that nothing can be forgotten. */
  onBack(listener: (mayBeEmpty: boolean) => void): void {
    this.listeners.push(listener);
  }

  /** Runs a script within REDIS_COMMAND_TIMEOUT_MS. Rejects with DirectoryUnavailable, and with nothing else. */
  async run(
    script: Script,
    keys: readonly [string, ...string[]],
    args: readonly (string | number | Buffer)[] = [],
  ): Promise<unknown> {
    if (!this.available) throw new DirectoryUnavailable(this.cause);
    let client: RedisClient | undefined;
    const command = async (): Promise<unknown> => {
      client = this.client ?? (await (this.opening ??= this.open()));
      return await runScript(client, script, keys, args);
    };
    try {
      return await inTime(this.config.commandTimeoutMs, command());
    } catch (error) {
      if (meansAway(error)) this.failed(error, client, keys[0]);
      else this.report(script, error);
      throw new DirectoryUnavailable(causeOf(error));
    }
  }

  /** Nothing is answered any more, and no timer or socket is left. */
  close(): void {
    this.state = 'closed';
    this.cause = 'the connection to Redis is closed';
    clearTimeout(this.retry);
    this.drop();
  }

  private async open(): Promise<RedisClient> {
    const client = redisClient(this.config, this.known);
    this.candidate = client;
    let reason: unknown;
    // What happens to a connection; without a listener, an 'error' would be printed.
    for (const event of ['error', 'node error']) client.on(event, (error: unknown) => void (reason = error));
    for (const event of ['close', 'end']) client.once(event, () => this.lost(client, reason));
    try {
      await inTime(OPEN_TIMEOUT_MS, connected(client));
      if (this.candidate !== client) throw new Error('the connection to Redis was given up');
    } catch (error) {
      client.disconnect();
      // A connection that does not come about is 'closed', and why was said before.
      throw error instanceof TimedOut ? error : (reason ?? error);
    }
    if (client instanceof Cluster) {
      this.known = client.nodes('all').flatMap(({ options: { host, port } }) => (host && port ? [{ host, port }] : []));
    }
    this.client = client;
    this.candidate = undefined;
    this.opening = undefined;
    if (this.state === 'new') this.state = 'up';
    return client;
  }

  private lost(client: RedisClient, reason: unknown): void {
    if (client !== this.client) return;
    const why = reason === undefined ? '' : ` (${causeOf(reason)})`;
    this.failed(new Error(`the connection to Redis was lost${why}`), client, this.keys.podBeats());
  }

  /** @param client that it happened with; undefined: there was none yet. */
  private failed(error: unknown, client: RedisClient | undefined, key: string): void {
    if (!this.available || (client !== undefined && client !== this.client)) return;
    this.state = 'away';
    this.cause = `Redis is away: ${causeOf(error)}`;
    this.warned = false;
    this.connectedAnew = false;
    this.retryMs = FIRST_RETRY_MS;
    // A single answer that took long is no reason to connect anew, nor for a line in the log, if the next one comes; and
    // a connection that takes its time may still come about.
    if (!(error instanceof TimedOut)) {
      this.warn();
      this.drop();
    }
    void this.probe(this.keys.probe(key));
  }

  /** Never rejects. */
  private async probe(key: string): Promise<void> {
    try {
      const client = this.client ?? (await (this.opening ??= this.open()));
      await inTime(this.config.commandTimeoutMs, runScript(client, PROBE, [key], []));
    } catch (error) {
      if (this.state === 'closed') return;
      this.cause = `Redis is away: ${causeOf(error)}`;
      this.warn();
      this.drop();
      const delayMs = this.retryMs * (1 + JITTER * (2 * Math.random() - 1));
      this.retryMs = Math.min(2 * this.retryMs, LAST_RETRY_MS);
      this.retry = setTimeout(() => void this.probe(key), delayMs);
      this.retry.unref();
      return;
    }
    this.back();
  }

  private back(): void {
    if (this.state !== 'away') return;
    this.state = 'up';
    if (this.warned) this.log.warn('Redis is back');
    for (const listener of this.listeners) {
      try {
        listener(this.connectedAnew);
      } catch (error) {
        this.log.error({ err: error }, 'listener for the return of Redis failed');
      }
    }
  }

  /** Once for each script: a mistake is made again with each command, and its callers only see that they got no answer. */
  private report(script: Script, error: unknown): void {
    if (this.reported.has(script.name)) return;
    this.reported.add(script.name);
    this.log.error({ script: script.name, cause: causeOf(error) }, 'Redis did not understand, not said again');
  }

  private warn(): void {
    if (this.warned) return;
    this.warned = true;
    this.log.warn({ cause: this.cause }, 'Redis is away: calls go on, and are written down again when it is back');
  }

  private drop(): void {
    const { client, candidate } = this;
    this.connectedAnew = true;
    this.client = undefined;
    this.candidate = undefined;
    this.opening = undefined;
    client?.disconnect();
    candidate?.disconnect();
  }
}

/** Ready for commands, on every node of a cluster: connecting within the time of a command would be too late. */
async function connected(client: RedisClient): Promise<void> {
  await client.connect();
  if (client instanceof Cluster) await Promise.allSettled(client.nodes('master').map((node) => node.ping()));
}

function meansAway(error: unknown): boolean {
  const replied = error instanceof Error && error.name === 'ReplyError';
  return !replied || AWAY.test(error.message);
}

/** Not an error's other fields: they hold the command, and with it passwords and what is sealed. */
function causeOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n', 1)[0] ?? '').slice(0, LONGEST_CAUSE);
}

function inTime<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  return within(systemClock, timeoutMs, promise, () => {
    throw new TimedOut(timeoutMs);
  });
}
