import { type DynamicModule, Module } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { CallsModule } from './calls/calls.module.js';
import { CommonModule } from './common/common.module.js';
import { type Config } from './config/config.js';
import { ConfigModule } from './config/config.module.js';
import { HealthModule } from './health/health.module.js';
import { MediaStreamModule } from './media-stream/media-stream.module.js';
import { OpenAIRealtimeModule } from './openai-realtime/openai-realtime.module.js';
import { loggerOptions } from './telemetry/logger-options.js';
import { ToolsModule } from './tools/tools.module.js';
import { CallTraces } from './telemetry/trace/call-traces.js';
import { TelemetryModule } from './telemetry/telemetry.module.js';

/** The gateway, put together from its rooms. */
@Module({})
export class AppModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config),
        LoggerModule.forRootAsync({
          inject: [CallTraces],
          useFactory: (traces: CallTraces) => loggerOptions(config, traces),
        }),
        CommonModule,
        TelemetryModule,
        HealthModule,
        ToolsModule,
        OpenAIRealtimeModule,
        CallsModule,
        MediaStreamModule,
      ],
    };
  }
}
