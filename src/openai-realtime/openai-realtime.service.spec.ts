import { PinoLogger } from 'nestjs-pino';
import { RealtimeDouble } from '../../simulator/realtime/index.js';
import { systemClock } from '../common/clock.js';
import { type McpServer } from '../config/tools-setting.js';
import { ModelUnavailable } from '../conversation/model.port.js';
import { type AssistantTools } from '../conversation/tools/assistant-tools.js';
import { LoopLateness } from '../common/loop-lateness.js';
import { Counters } from '../telemetry/counters.js';
import { OpenAIRealtimeService } from './openai-realtime.service.js';
import { configFor, mcpServer } from './testing/open-session.js';

const SKIP_TURN = { name: 'skip_turn', description: 'Says nothing.', parameters: { type: 'object', properties: {} } };

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

  function start(env: Record<string, string> = {}, mcp: McpServer[] = []): void {
    const config = configFor(double.url, { env, mcp });
    const tools = { declarations: [SKIP_TURN] } as unknown as AssistantTools;
    const log = new PinoLogger({ pinoHttp: { enabled: false } });
    service = new OpenAIRealtimeService(config, systemClock, log, new Counters(), new LoopLateness(), tools);
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

  it('tells of a session that was connected ahead how long its dial had taken, and how old it is', async () => {
    start({ WARM_SESSIONS: '1' });
    await warm(1);
    const session = await service.acquire('pcmu');
    const { dial } = session;
    expect(dial?.warm).toBe(true);
    expect(dial?.connectMs).toBeGreaterThan(0);
    expect(dial?.ageMs).toBeGreaterThanOrEqual(dial?.connectMs ?? NaN);
    session.close();
  });

  it('does not call a session warm for which the call had to wait', async () => {
    start({ WARM_SESSIONS: '0' });
    service.anticipate();
    const session = await service.acquire('pcmu');
    const { dial } = session;
    expect(dial?.warm).toBe(false);
    expect(dial?.connectMs).toBeGreaterThan(0);
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

  it('gives every session the same tools, byte by byte, so that the prompt cache holds', async () => {
    start({ WARM_SESSIONS: '2' }, [mcpServer('crm')]);
    await warm(2);
    const updates = double.sessions.map(({ clientEvents }) => JSON.stringify(clientEvents[0]));
    expect(updates).toHaveLength(2);
    expect(updates[1]).toBe(updates[0]);
    expect(double.sessions[0]?.config.tools).toMatchObject([
      { type: 'function', ...SKIP_TURN },
      { type: 'mcp', server_label: 'crm', server_url: 'https://crm.example/mcp', require_approval: 'never' },
    ]);
  });

  it('gives a call a session only when the tools that it cannot do without are listed', async () => {
    double.mcpServers = { crm: { tools: [{ name: 'find' }], listDelayMs: 150 } };
    start({ WARM_SESSIONS: '0' }, [mcpServer('crm', { essential: true })]);
    const session = await service.acquire('pcmu');
    const list = double.sessions[0]?.items.find(({ type }) => type === 'mcp_list_tools');
    expect(list?.tools).toMatchObject([{ name: 'find' }]);
    session.close();
  });

  it('does not make a call wait for tools that had their time while the session was warm', async () => {
    double.mcpServers = { crm: { tools: [{ name: 'find' }], listDelayMs: Infinity } };
    start({ WARM_SESSIONS: '1' }, [mcpServer('crm', { essential: true, listTimeoutMs: 50 })]);
    await warm(1);
    const session = await service.acquire('pcmu');
    const told = await double.sessions[0]?.waitForClientEvent('conversation.item.create');
    expect(told).toMatchObject({ item: { role: 'system' } });
    session.close();
  });

  it('says so when the session is lost while tools are waited for', async () => {
    double.mcpServers = { crm: { tools: [{ name: 'find' }], listDelayMs: Infinity } };
    start({ WARM_SESSIONS: '0' }, [mcpServer('crm', { essential: true, listTimeoutMs: 60_000 })]);
    const failed = expect(service.acquire('pcmu')).rejects.toBeInstanceOf(ModelUnavailable);
    const session = await double.nextSession();
    await session.waitFor('mcp_list_tools.in_progress');
    double.faults.dropNow();
    await failed;
  });
});
