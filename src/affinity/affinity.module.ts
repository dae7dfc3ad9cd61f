import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { type Clock } from '../common/clock.js';
import { CLOCK } from '../common/clock.token.js';
import { type Config } from '../config/config.js';
import { CONFIG } from '../config/config.token.js';
import { CallDirectory } from './call-directory.js';
import { InMemoryCallDirectory } from './directory/in-memory-call-directory.js';
import { RedisCallDirectory } from './directory/redis-call-directory.js';

@Module({
  providers: [
    {
      provide: CallDirectory,
      inject: [CONFIG, CLOCK, PinoLogger],
      useFactory: ({ redis, fleet: { leaseMs } }: Config, clock: Clock, log: PinoLogger): CallDirectory =>
        redis ? new RedisCallDirectory(redis, leaseMs, log) : new InMemoryCallDirectory({ leaseMs, clock }),
    },
  ],
  exports: [CallDirectory],
})
export class AffinityModule implements OnApplicationShutdown {
  constructor(@Inject(CallDirectory) private readonly directory: CallDirectory) {}

  /** The last of Nest's hooks: whoever has something to say to other pods at the end has said it. */
  async onApplicationShutdown(): Promise<void> {
    await this.directory.close();
  }
}
