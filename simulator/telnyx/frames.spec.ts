import fc from 'fast-check';
import * as frames from './frames.js';

const STREAM_ID = '32de0dea-53cb-4b21-89a4-9e1819c043bc';

describe('frames to the app', () => {
  it('writes media frames that parse, with every counter as a string', () => {
    expect(JSON.parse(frames.mediaFrame(4, STREAM_ID, 'inbound', 2, 20, '//8='))).toEqual({
      event: 'media',
      sequence_number: '4',
      stream_id: STREAM_ID,
      media: { track: 'inbound', chunk: '2', timestamp: '20', payload: '//8=' },
    });
  });

  it('tells the token in connected only when there is one', () => {
    expect(JSON.parse(frames.connectedFrame(undefined, undefined))).toEqual({ event: 'connected', version: '1.0.0' });
    expect(JSON.parse(frames.connectedFrame('t', 'Call'))).toEqual({
      event: 'connected',
      version: '1.0.0',
      protocol: 'Call',
      connected: { 'x-telnyx-streaming-auth-token': 't' },
    });
  });

  it('has a number as error code', () => {
    expect(JSON.parse(frames.errorFrame(STREAM_ID, 'invalidMedia', 'no'))).toEqual({
      event: 'error',
      stream_id: STREAM_ID,
      payload: { code: 100_004, title: 'invalid_media', detail: 'no' },
    });
  });

  it('escapes what the app and the caller chose', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const frame = JSON.parse(frames.markFrame(6, STREAM_ID, name)) as { mark: { name: string } };
        expect(frame.mark.name).toBe(name);
      }),
    );
  });
});

describe('parseAppFrame', () => {
  it('reads media, mark and clear', () => {
    expect(frames.parseAppFrame('{"event":"media","media":{"payload":"AAEC"}}')).toEqual({
      kind: 'media',
      bytes: Buffer.from([0, 1, 2]),
    });
    expect(frames.parseAppFrame('{"event":"mark","mark":{"name":"resp-7"}}')).toEqual({ kind: 'mark', name: 'resp-7' });
    expect(frames.parseAppFrame('{"event":"clear"}')).toEqual({ kind: 'clear' });
  });

  it.each([
    ['not JSON', '{"event":'],
    ['not an object', '[]'],
    ['null', 'null'],
    ['no event', '{}'],
    ['an unknown event', '{"event":"start"}'],
    ['media without payload', '{"event":"media","media":{}}'],
    ['media without media', '{"event":"media"}'],
    ['a mark without name', '{"event":"mark","mark":{"name":7}}'],
  ])('refuses %s as malformed', (_, text) => {
    expect(frames.parseAppFrame(text)).toMatchObject({ kind: 'refused', error: 'malformedFrame' });
  });

  it.each(['', 'A', 'AAA', 'AA=A', 'A_-A', 'A A='])('refuses the payload %j as invalid media', (payload) => {
    const text = JSON.stringify({ event: 'media', media: { payload } });
    expect(frames.parseAppFrame(text)).toMatchObject({ kind: 'refused', error: 'invalidMedia' });
  });

  it('ignores extra fields, unless it is told to be strict', () => {
    const text = '{"event":"media","stream_id":"x","media":{"payload":"AAEC"}}';
    expect(frames.parseAppFrame(text).kind).toBe('media');
    expect(frames.parseAppFrame(text, true)).toMatchObject({ kind: 'refused', error: 'malformedFrame' });
    expect(frames.parseAppFrame('{"event":"media","media":{"payload":"AAEC"}}', true).kind).toBe('media');
  });

  it('returns any bytes as they were and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (payload) => {
        const media = { payload: Buffer.from(payload).toString('base64') };
        expect(frames.parseAppFrame(JSON.stringify({ event: 'media', media }))).toEqual({
          kind: 'media',
          bytes: Buffer.from(payload),
        });
      }),
    );
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => frames.parseAppFrame(text).kind !== undefined));
  });
});
