import { PinoLogger } from 'nestjs-pino';
import { RealtimeDouble } from '../../simulator/realtime/index.js';
import { systemClock } from '../common/clock.js';
import { loadConfig } from '../config/load-config.js';
import { ModelUnavailable } from '../conversation/model.port.js';
import { LoopLateness } from '../common/loop-lateness.js';
import { Counters } from '../telemetry/counters.js';
import { OpenAIRealtimeService } from './openai-realtime.service.js';

describe('OpenAIRealtimeService', () => {
  let double: RealtimeDouble;
  let service: OpenAIRealtimeService;

  beforeEach(async () => {
    double = await RealtimeDouble.start();
  });
  afterEach(async () => {
    service.onModuleDestroy();
    await double.close();
  });

  function start(env: Record<string, string> = {}): void {
    const { config } = loadConfig({
      OPENAI_API_KEY: 'sk-double',
      TELNYX_API_KEY: 'KEY-test',
      WEBHOOK_SIGNATURE: 'off',
      OPENAI_REALTIME_URL: double.url,
      ...env,
    });
    const log = new PinoLogger({ pinoHttp: { enabled: false } });
    service = new OpenAIRealtimeService(config, systemClock, log, new Counters(), new LoopLateness());
    service.onApplicationBootstrap();
  }

  async function warm(count: number): Promise<void> {
    while (service.warmSessions < count) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  it('gives a call a session that was connected ahead', async () => {
    start({ WARM_SESSIONS: '1' });
    await warm(1);
    const [ahead] = double.sessions;
    const session = await service.acquire('pcmu');
    expect(session.id).toBe(ahead?.id);
    session.close();
  });

  it('changes a session to the law of the line before the call gets it', async () => {
    start({ WARM_SESSIONS: '1' });
    await warm(1);
    const session = await service.acquire('pcma');
    expect(double.sessions[0]?.config.audio.input.format).toEqual({ type: 'audio/pcma' });
    session.close();
  });

  it('says why there is none', async () => {
    start({ WARM_SESSIONS: '0', OPENAI_API_KEY: 'sk-wrong' });
    const failed = service.acquire('pcmu');
    await expect(failed).rejects.toBeInstanceOf(ModelUnavailable);
    await expect(failed).rejects.toMatchObject({ failure: { kind: 'fatal', code: 'invalid_api_key' } });
  });

  it('is full again after every call', async () => {
    start({ WARM_SESSIONS: '2' });
    for (let call = 0; call < 5; call++) {
      const session = await service.acquire('pcmu');
      session.close();
    }
    await warm(2);
    expect(service.warmSessions).toBe(2);
  });
});
