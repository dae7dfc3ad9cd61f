import { eventually } from './calls.js';
import { RedisServer } from './redis-server.js';

const LIMIT_MS = 40_000;

/** A master with two replicas, and a sentinel, which puts one of those in the master's place when that dies. */
export class Sentinels {
  static readonly masterName = 'main';

  private constructor(
    readonly servers: readonly RedisServer[],
    readonly sentinel: RedisServer,
  ) {}

  static async start(): Promise<Sentinels> {
    const master = await RedisServer.start({ args: ['--repl-diskless-sync-delay', '0'] });
    const replicaof = ['--repl-diskless-sync-delay', '0', '--replicaof', '127.0.0.1', `${master.port}`];
    const replicas = await Promise.all([
      RedisServer.start({ args: replicaof }),
      RedisServer.start({ args: replicaof }),
    ]);
    const name = Sentinels.masterName;
    const sentinel = await RedisServer.start({
      sentinel: [
        `sentinel monitor ${name} 127.0.0.1 ${master.port} 1`,
        `sentinel down-after-milliseconds ${name} 500`,
        `sentinel failover-timeout ${name} 3000`,
      ],
    });
    const sentinels = new Sentinels([master, ...replicas], sentinel);
    await sentinels.replicated(replicas.length);
    return sentinels;
  }

  /** What the sentinel says. */
  async master(): Promise<RedisServer> {
    const reply = (await this.sentinel.command(
      'SENTINEL',
      'GET-MASTER-ADDR-BY-NAME',
      Sentinels.masterName,
    )) as string[];
    const master = this.servers.find(({ port }) => port === Number(reply[1]));
    if (!master) throw new Error(`the sentinel says that the master is ${reply.join(':')}`);
    return master;
  }

  /** Resolves when another server than this one is the master, and takes writes. */
  successorOf(old: RedisServer): Promise<RedisServer> {
    const find = async (): Promise<RedisServer | undefined> => {
      const master = await this.master();
      return master !== old && (await roleOf(master)) === 'master' ? master : undefined;
    };
    return eventually(find, 'another master', LIMIT_MS);
  }

  /** Resolves when the sentinel knows of so many replicas of the master, and they have what it has. */
  async replicated(count: number): Promise<void> {
    const there = async (): Promise<true | undefined> => {
      const known = String(await this.sentinel.command('INFO', 'sentinel'));
      const info = String(await (await this.master()).command('INFO', 'replication'));
      const online = info.match(/state=online/g)?.length ?? 0;
      return (new RegExp(`slaves=${count}\\b`).test(known) && online === count) || undefined;
    };
    await eventually(there, `${count} replicas`, LIMIT_MS);
  }

  async close(): Promise<void> {
    await Promise.all([this.sentinel, ...this.servers].map((server) => server.close()));
  }
}

async function roleOf(server: RedisServer): Promise<string | undefined> {
  const [role] = (await server.command('ROLE')) as unknown[];
  return typeof role === 'string' ? role : undefined;
}
