import fc from 'fast-check';
import { readClientFrame } from './client-frame.js';

const read = (text: string) => readClientFrame(Buffer.from(text));
const errorOf = (text: string) => {
  const frame = read(text);
  return frame.kind === 'bad' ? frame.error : undefined;
};

describe('readClientFrame', () => {
  it('reads an append the same way wherever the client puts its fields', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.string(), (bytes, eventId) => {
        const type = 'input_audio_buffer.append';
        const audio = Buffer.from(bytes).toString('base64');
        const orders = [
          { type, audio },
          { audio, type },
          { type, event_id: eventId, audio },
          { event_id: eventId, type, audio },
          { type, audio, event_id: eventId },
        ];
        for (const event of orders) {
          const expectedId = 'event_id' in event ? eventId : null;
          expect(read(JSON.stringify(event))).toEqual({
            kind: 'append',
            audio: Buffer.from(bytes),
            eventId: expectedId,
          });
        }
        expect(read(JSON.stringify({ type, audio }, null, 2))).toMatchObject({ kind: 'append' });
      }),
    );
  });

  it('never throws, whatever is sent', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((json) => `{"type":"input_audio_buffer.append","audio":"${json}`),
        ),
        (text) => {
          expect(['append', 'event', 'bad']).toContain(read(text).kind);
        },
      ),
    );
  });

  it('refuses audio that is not base64', () => {
    const error = errorOf('{"type":"input_audio_buffer.append","audio":"not base64 !"}');
    expect(error).toMatchObject({ code: 'invalid_value', param: 'audio' });
    expect(errorOf('{"type":"input_audio_buffer.append","audio":"ab\\"c"}')).toMatchObject({ code: 'invalid_value' });
  });

  it('refuses more than 15 MiB of audio in one append', () => {
    const audio = Buffer.alloc(15 * 1024 * 1024 + 1).toString('base64');
    expect(errorOf(`{"type":"input_audio_buffer.append","audio":"${audio}"}`)).toMatchObject({ param: 'audio' });
  });

  it('tells broken JSON, a missing type and a wrong type apart', () => {
    expect(errorOf('{"type":')).toMatchObject({ code: 'invalid_json' });
    expect(errorOf('[1]')).toMatchObject({ code: 'invalid_type' });
    expect(errorOf('{"event_id":"a"}')).toMatchObject({ code: 'missing_required_parameter', param: 'type' });
    expect(errorOf('{"type":7}')).toMatchObject({ code: 'invalid_type', param: 'type' });
    expect(errorOf('{"type":"input_audio_buffer.append"}')).toMatchObject({ code: 'missing_required_parameter' });
  });

  it('passes every other event on as it came', () => {
    const event = { type: 'response.create', event_id: 'a', response: { instructions: 'Hi' } };
    expect(read(JSON.stringify(event))).toEqual({ kind: 'event', event });
  });
});
