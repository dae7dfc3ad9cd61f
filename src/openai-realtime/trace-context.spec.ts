import { traceContextIn, withTracingOn } from '../telemetry/conversation/testing/tracing-on.js';
import { openSession } from './testing/open-session.js';
import { ScriptedService } from './testing/scripted-service.js';

describe('RealtimeSession in a traced process', () => {
  let service: ScriptedService;

  beforeEach(async () => {
    service = await ScriptedService.start();
  });
  afterEach(() => service.close());

  it('tells OpenAI nothing of the trace, neither in the handshake nor in an event', async () => {
    await withTracingOn(async () => {
      const session = await openSession(service.url);
      session.remember({ role: 'caller', text: 'Hello.' });
      session.createResponse();
      await service.arrival('response.create');
      session.close();
    });
    expect(service.requests).toHaveLength(1);
    expect(traceContextIn(service.requests[0]?.headers)).toEqual([]);
    expect(service.requests[0]?.url).toBe('/v1/realtime?model=gpt-realtime-2.1');
    expect(JSON.stringify(service.received)).not.toMatch(/traceparent|[0-9a-f]{32}-[0-9a-f]{16}/);
  });
});
