import { Test } from '@nestjs/testing';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { Logger, PARAMS_PROVIDER_TOKEN } from 'nestjs-pino';
import { type AddressInfo } from 'node:net';
import { RealtimeDouble, type RealtimeDoubleOptions } from '../../simulator/realtime/index.js';
import { TelnyxDouble, type TelnyxDoubleOptions } from '../../simulator/telnyx/index.js';
import { AppModule } from '../../src/app.module.js';
import { CallsService } from '../../src/calls/calls.service.js';
import { loadConfig } from '../../src/config/load-config.js';
import { Lifecycle } from '../../src/health/lifecycle.js';
import { MediaStreamAdapter } from '../../src/media-stream/media-stream.adapter.js';
import { StreamUpgradePolicy } from '../../src/media-stream/stream-upgrade-policy.js';
import { type LogLine } from './gateway.js';

/** The gateway and both doubles in the process of the test, with sockets between them as ever. */
export interface VirtualStage {
  telnyx: TelnyxDouble;
  realtime: RealtimeDouble;
  /** What the gateway holds. */
  calls: CallsService;
  /** What the gateway has logged. */
  lines: LogLine[];
  close(): Promise<void>;
}

/** Sets it all up as src/main.ts does, but for signals and the management port. To be imported when time is virtual. */
export async function setVirtualStage(options: {
  env: Record<string, string>;
  telnyx?: Partial<TelnyxDoubleOptions>;
  realtime?: RealtimeDoubleOptions;
}): Promise<VirtualStage> {
  const lines: LogLine[] = [];
  let port = 0;
  const telnyx = await TelnyxDouble.start({
    webhookUrl: undefined,
    mapStreamUrl: (streamUrl) => `ws://127.0.0.1:${port}${new URL(streamUrl).pathname}`,
    ...options.telnyx,
  });
  const realtime = await RealtimeDouble.start(options.realtime);
  const { config } = loadConfig({
    OPENAI_API_KEY: 'sk-double',
    OPENAI_REALTIME_URL: realtime.url,
    TELNYX_API_KEY: telnyx.apiKey,
    TELNYX_PUBLIC_KEY: telnyx.publicKey,
    TELNYX_BASE_URL: telnyx.restUrl,
    LOG_LEVEL: 'debug',
    LOG_PRETTY: 'off',
    ...options.env,
  });
  const take = { write: (line: string) => void lines.push(JSON.parse(line) as LogLine) };
  const testing = await Test.createTestingModule({ imports: [AppModule.forRoot(config)] })
    .overrideProvider(PARAMS_PROVIDER_TOKEN)
    .useValue({ forRoutes: [], pinoHttp: [{ level: 'debug', autoLogging: false, quietReqLogger: true }, take] })
    .compile();
  const app = testing.createNestApplication<NestExpressApplication>({ bodyParser: false });
  app.useLogger(app.get(Logger));
  app.useBodyParser('raw', { type: () => true, limit: config.telnyx.webhookBodyLimitBytes });
  app.useWebSocketAdapter(new MediaStreamAdapter(app, app.get(StreamUpgradePolicy)));
  await app.listen(0, '127.0.0.1');
  app.get(Lifecycle).started = true;
  ({ port } = app.getHttpServer().address() as AddressInfo);
  telnyx.webhookUrl = `http://127.0.0.1:${port}/webhooks/`;
  return {
    telnyx,
    realtime,
    calls: app.get(CallsService),
    lines,
    close: async () => {
      await app.close();
      await Promise.all([telnyx.close(), realtime.close()]);
    },
  };
}
