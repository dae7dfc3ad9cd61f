import { Global, Module } from '@nestjs/common';
import { type Config } from '../config/config.js';
import { CONFIG } from '../config/config.token.js';
import { type Clock, systemClock } from './clock.js';
import { CLOCK } from './clock.token.js';
import { Keyring } from './keyring.js';
import { LoopLateness } from './loop-lateness.js';

@Global()
@Module({
  providers: [
    { provide: CLOCK, useValue: systemClock },
    {
      provide: Keyring,
      useFactory: (config: Config, clock: Clock) => new Keyring(config.stream.tokenSecret, clock),
      inject: [CONFIG, CLOCK],
    },
    LoopLateness,
  ],
  exports: [CLOCK, Keyring, LoopLateness],
})
export class CommonModule {}
