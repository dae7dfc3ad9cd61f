import { type SessionOpening } from '../../conversation/observer.port.js';
import { modelFacts } from './model-facts.js';
import { sessionSpan } from './session-span.js';

const T0 = 1_795_000_000_000;
const FACTS = modelFacts({ url: 'wss://api.openai.com/v1/realtime', model: 'gpt-x' });

function opening(more: Partial<SessionOpening> = {}): SessionOpening {
  const times = { startedAtMs: T0, endedAtMs: T0 + 900 };
  return { cause: 'begin', ...times, sessionId: 'sess_1', attempts: 1, failure: undefined, itemsTold: 0, ...more };
}

describe('sessionSpan', () => {
  it("is the call's connection with the model", () => {
    const { name, kind, startMs, endMs, error, attributes } = sessionSpan(opening(), 'v3:call', FACTS);
    expect({ name, kind, startMs, endMs, error }).toEqual({
      name: 'realtime_connect',
      kind: 'client',
      startMs: T0,
      endMs: T0 + 900,
      error: undefined,
    });
    expect(attributes).toMatchObject({
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-x',
      'server.address': 'api.openai.com',
      'server.port': 443,
      'gen_ai.conversation.id': 'v3:call',
      'gen_ai.realtime_session.id': 'sess_1',
      'parley.reason': 'begin',
      'parley.session.attempts': 1,
      'parley.session.items_told': 0,
    });
  });

  it.each(['lost', 'renewal', 'moved', 'returned'] as const)('is a resume where the cause is %s', (cause) => {
    const span = sessionSpan(opening({ cause, itemsTold: 12 }), 'v3:call', FACTS);
    expect(span.name).toBe('resume');
    expect(span.attributes).toMatchObject({ 'parley.reason': cause, 'parley.session.items_told': 12 });
  });

  it('tells of a warm session how long its dial had taken, and how long it had waited', () => {
    const dial = { warm: true, connectMs: 845.2, ageMs: 61_000.4 };
    expect(sessionSpan(opening({ dial }), 'v3:call', FACTS).attributes).toMatchObject({
      'parley.session.warm': true,
      'parley.session.connect_ms': 845,
      'parley.session.age_ms': 61_000,
    });
  });

  it('is an error where there was no session to be had', () => {
    const failure = { kind: 'fatal', code: 'invalid_api_key', message: 'a message' } as const;
    const span = sessionSpan(opening({ sessionId: undefined, attempts: 4, failure }), 'v3:call', FACTS);
    expect(span.error).toBe('invalid_api_key');
    expect(span.attributes).toMatchObject({
      'parley.failure.class': 'auth',
      'parley.failure.kind': 'fatal',
      'parley.session.attempts': 4,
    });
    expect(JSON.stringify(span)).not.toContain('a message');
  });

  it('is no error where a later attempt was well, but tells of the trouble', () => {
    const failure = { kind: 'retryable', code: 'http-503', message: '' } as const;
    const span = sessionSpan(opening({ attempts: 2, failure }), 'v3:call', FACTS);
    expect(span.error).toBeUndefined();
    expect(span.attributes).toMatchObject({ 'parley.failure.class': 'server', 'parley.session.attempts': 2 });
  });
});
