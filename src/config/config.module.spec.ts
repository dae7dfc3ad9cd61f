import { Inject, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { type Config } from './config.js';
import { CONFIG, ConfigModule } from './config.module.js';
import { loadConfig } from './load-config.js';

@Injectable()
class Greeter {
  constructor(@Inject(CONFIG) readonly config: Config) {}
}

@Module({ providers: [Greeter], exports: [Greeter] })
class GreeterModule {}

describe('ConfigModule', () => {
  it('hands the configuration to any constructor, in modules that do not import it', async () => {
    const { config } = loadConfig({ OPENAI_API_KEY: 'sk-x', TELNYX_API_KEY: 'KEY-x', WEBHOOK_SIGNATURE: 'off' });
    const app = await Test.createTestingModule({ imports: [ConfigModule.forRoot(config), GreeterModule] }).compile();
    expect(app.get(Greeter).config).toBe(config);
    await app.close();
  });
});
