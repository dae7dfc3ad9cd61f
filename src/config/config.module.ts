import { type DynamicModule, Module } from '@nestjs/common';
import { type Config } from './config.js';
import { CONFIG } from './config.token.js';

export { CONFIG } from './config.token.js';

/**
 * Makes the configuration injectable everywhere: `constructor(@Inject(CONFIG) config: Config)`. It is read before Nest
 * starts (a wrong value must stop the process with one readable message, not with a stack trace from a container).
 */
@Module({})
export class ConfigModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: CONFIG, useValue: config }],
      exports: [CONFIG],
    };
  }
}
