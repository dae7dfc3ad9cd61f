import fc from 'fast-check';
import { parseServerEvent } from './server-events.js';

const DELTA = 'response.output_audio.delta';
const TYPES = [
  'session.created',
  'session.updated',
  'error',
  'response.done',
  'response.output_item.done',
  'response.function_call_arguments.done',
  'response.mcp_call.failed',
  'mcp_list_tools.completed',
  'conversation.item.done',
  'conversation.item.input_audio_transcription.completed',
  DELTA,
];

function bytes(event: unknown): Buffer {
  return Buffer.from(JSON.stringify(event));
}

describe('parseServerEvent', () => {
  it('never throws, whatever comes', () => {
    fc.assert(fc.property(fc.uint8Array(), (message) => void parseServerEvent(Buffer.from(message))));
    fc.assert(fc.property(fc.jsonValue(), (event) => void parseServerEvent(bytes(event))));
    const name = fc.constantFrom('item', 'response', 'session', 'error', 'usage', 'item_id', 'tools', 'name', 'id');
    const fields = fc.dictionary(
      fc.oneof(name, fc.string()),
      fc.oneof(fc.jsonValue(), fc.dictionary(name, fc.jsonValue())),
    );
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), fields, (known, more) => {
        void parseServerEvent(bytes({ ...more, type: known }));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['', 'invalid'],
    ['null', 'invalid'],
    ['[]', 'invalid'],
    ['{"type":5}', 'invalid'],
    ['{"type":"response.created"}', 'invalid'],
    ['{"type":"rate_limits.updated"}', 'other'],
    ['{"type":"toString"}', 'other'],
  ])('makes of %s an event that is %s', (text, kind) => {
    expect(parseServerEvent(Buffer.from(text)).kind).toBe(kind);
  });

  it('reads events that carry more than is known', () => {
    const event = {
      type: 'input_audio_buffer.speech_started',
      event_id: 'e',
      item_id: 'i',
      audio_start_ms: 5,
      new: [{}],
    };
    expect(parseServerEvent(bytes(event))).toMatchObject({ kind: 'event', event: { item_id: 'i' } });
  });

  it.each([
    { status: 'completed', usage: null, status_details: null },
    { status: 'completed', usage: { input_token_details: 'changed', total_tokens: '9' } },
    { status: 'failed', status_details: 'changed' },
    { status: 'failed', status_details: { type: 'failed', reason: 5, error: { code: 429, type: 'x' } } },
    { status: 'a new status' },
    {},
  ])('does not miss the end of a response for a detail that changed: %j', (response) => {
    const event = { type: 'response.done', response: { id: 'resp_1', ...response } };
    expect(parseServerEvent(bytes(event))).toMatchObject({
      kind: 'event',
      event: { type: 'response.done', response: { id: 'resp_1' } },
    });
  });

  it.each(['conversation.item.added', 'conversation.item.done', 'conversation.item.retrieved'])(
    'reads in %s items that it has never heard of, and known ones with fields that changed',
    (type) => {
      for (const item of [
        { type: 'something_new', id: 5, content: [{}] },
        { type: 'mcp_call', id: 'm', name: 7, output: {}, error: 'a text now' },
        { type: 'mcp_list_tools', tools: 'many' },
        { type: 'message', role: 'user', content: null },
      ]) {
        expect(parseServerEvent(bytes({ type, item, previous_item_id: null }))).toMatchObject({
          kind: 'event',
          event: { type, item: { type: item.type } },
        });
      }
    },
  );

  it('reads a transcript whose usage changed', () => {
    const type = 'conversation.item.input_audio_transcription.completed';
    for (const usage of [null, 5, { seconds: '9' }, { seconds: -1 }, { type: 'tokens', input_tokens: {} }]) {
      const event = { type, item_id: 'i', transcript: 'Hi.', usage };
      expect(parseServerEvent(bytes(event))).toMatchObject({ kind: 'event', event: { transcript: 'Hi.' } });
    }
  });

  it('reads errors whose fields are null, missing or of another type', () => {
    for (const error of [{}, { code: null, event_id: null, param: null }, { code: 5, message: {}, event_id: 1 }]) {
      expect(parseServerEvent(bytes({ type: 'error', error })).kind).toBe('event');
    }
  });

  it('does not take for audio what is not base64', () => {
    for (const delta of ['AA*A', 'AAA', '====', 'AAŁA', 'A=AA']) {
      const event = { type: DELTA, response_id: 'r', item_id: 'i', delta };
      expect(parseServerEvent(bytes(event)).kind).toBe('invalid');
    }
  });
});
