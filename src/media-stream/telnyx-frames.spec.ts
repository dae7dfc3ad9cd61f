import fc from 'fast-check';
import { mediaFrame as simulatedMediaFrame, parseAppFrame } from '../../simulator/telnyx/frames.js';
import {
  CLEAR_FRAME,
  markFrame,
  type MediaFrame,
  mediaFrame,
  parseFrame,
  scanMediaFrame,
  type TelnyxFrame,
} from './telnyx-frames.js';

const newFrame = (): MediaFrame => ({ inbound: true, chunk: -2, payload: Buffer.alloc(0), bytes: -2 });

/** What the short way makes of a message; undefined where it leaves the decision to the parser. */
function scan(message: string | Buffer): MediaFrame | undefined {
  const into = newFrame();
  return scanMediaFrame(Buffer.from(message as string), into) ? into : undefined;
}

function parse(message: string | Buffer | object): TelnyxFrame {
  return parseFrame(
    Buffer.from(
      (typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message)) as string,
    ),
  );
}

/** Both ways on one message: where the short way takes it, the parser must read the same from it. */
function readBothWays(message: Buffer): { scanned: MediaFrame | undefined; parsed: TelnyxFrame } {
  const scanned = scan(message);
  const parsed = parseFrame(message);
  if (scanned) expect(parsed).toEqual({ kind: 'media', media: scanned });
  return { scanned, parsed };
}

const CANONICAL =
  '{"event":"media","sequence_number":"4","stream_id":"32de0dea-53cb-4b21-89a4-9e1819c043bc",' +
  '"media":{"track":"inbound","chunk":"2","timestamp":"5","payload":"AAECAwQFBgc="}}';

describe('scanMediaFrame', () => {
  it('takes the frame that Telnyx documents', () => {
    expect(scan(CANONICAL)).toEqual({ inbound: true, chunk: 2, payload: Buffer.from('AAECAwQFBgc='), bytes: 8 });
  });

  it('takes every frame of the usual form, whatever its numbers, track and length', () => {
    fc.assert(
      fc.property(
        fc.nat(1e9),
        fc.uuid(),
        fc.constantFrom('inbound' as const, 'outbound' as const),
        fc.nat(1e9),
        fc.uint8Array({ minLength: 1, maxLength: 900 }),
        (sequence, streamId, track, chunk, audio) => {
          const payload = Buffer.from(audio).toString('base64');
          const message = Buffer.from(simulatedMediaFrame(sequence, streamId, track, chunk, chunk * 20, payload));
          const { scanned } = readBothWays(message);
          expect(scanned).toEqual({
            inbound: track === 'inbound',
            chunk,
            payload: Buffer.from(payload),
            bytes: audio.length,
          });
        },
      ),
    );
  });

  it('leaves frames that are no audio to the parser', () => {
    for (const event of ['connected', 'start', 'dtmf', 'mark', 'stop', 'error', 'medium', ''])
      expect(scan(CANONICAL.replace('"media"', `"${event}"`))).toBeUndefined();
  });

  it('is laxer than JSON in one thing: it does not look into strings that it passes over', () => {
    const message = CANONICAL.replace('32de0dea', '32de\n0dea');
    expect(scan(message)).toMatchObject({ chunk: 2, bytes: 8 });
    expect(parse(message)).toEqual({ kind: 'invalid', reason: 'not JSON' });
  });

  it('forgets what the frame before it said', () => {
    const into = newFrame();
    scanMediaFrame(Buffer.from(CANONICAL.replace('inbound', 'outbound')), into);
    expect(into).toMatchObject({ inbound: false, chunk: 2 });
    expect(scanMediaFrame(Buffer.from('{"event":"media","media":{"payload":"AAAA"}}'), into)).toBe(true);
    expect(into).toEqual({ inbound: true, chunk: -1, payload: Buffer.from('AAAA'), bytes: 3 });
  });
});

describe('the short way and the parser', () => {
  // Each of these once could be, or has been, read in two ways.
  const NASTY: [string, string][] = [
    [
      'two media objects',
      '{"event":"media","media":{"chunk":"5","track":"outbound","payload":"AAAA"},"media":{"payload":"BBBB"}}',
    ],
    ['a media object and then something else', '{"event":"media","media":{"payload":"AAAA"},"media":"none"}'],
    ['an event that changes', '{"event":"media","media":{"payload":"AAAA"},"event":"stop"}'],
    ['a chunk of null', '{"event":"media","media":{"chunk":null,"payload":"AAAA"}}'],
    ['a chunk of true', '{"event":"media","media":{"chunk":true,"payload":"AAAA"}}'],
    ['a chunk with a point', '{"event":"media","media":{"chunk":5.0,"payload":"AAAA"}}'],
    ['a chunk with an exponent', '{"event":"media","media":{"chunk":"1e3","payload":"AAAA"}}'],
    ['a chunk in hexadecimal', '{"event":"media","media":{"chunk":"0x10","payload":"AAAA"}}'],
    ['a chunk with a space', '{"event":"media","media":{"chunk":" 5","payload":"AAAA"}}'],
    ['a chunk with leading zeros', '{"event":"media","media":{"chunk":"007","payload":"AAAA"}}'],
    ['a chunk of sixteen digits', '{"event":"media","media":{"chunk":"9007199254740991","payload":"AAAA"}}'],
    ['a chunk beyond all numbers', '{"event":"media","media":{"chunk":1e999,"payload":"AAAA"}}'],
    ['a chunk below zero', '{"event":"media","media":{"chunk":-0,"payload":"AAAA"}}'],
    ['a track of null', '{"event":"media","media":{"track":null,"payload":"AAAA"}}'],
    ['a track that is a number', '{"event":"media","media":{"track":1,"payload":"AAAA"}}'],
    ['a payload that is a number', '{"event":"media","media":{"payload":1234}}'],
    ['a payload given twice', '{"event":"media","media":{"payload":"AAAA","payload":"BBBBBBBB"}}'],
    ['a payload at the top', '{"event":"media","payload":"AAAA","media":{}}'],
    ['a key of objects all have', '{"event":"media","__proto__":1,"media":{"__proto__":2,"payload":"AAAA"}}'],
    ['something behind the end', '{"event":"media","media":{"payload":"AAAA"}}}'],
    ['a comma too many', '{"event":"media","media":{"payload":"AAAA",}}'],
    ['an escape in the payload', '{"event":"media","media":{"payload":"AA\\u0041A"}}'],
    ['an escaped key', '{"ev\\u0065nt":"media","media":{"payload":"AAAA"}}'],
    ['white space', '{ "event" : "media", "media" : { "payload" : "AAAA" } }'],
  ];

  it.each(NASTY)('agree on %s', (_, message) => {
    readBothWays(Buffer.from(message));
  });

  const shuffled = (object: object): fc.Arbitrary<[string, unknown][]> => {
    const entries = Object.entries(object) as [string, unknown][];
    return fc.shuffledSubarray(entries, { minLength: entries.length });
  };
  const value = fc.oneof(
    { weight: 8, arbitrary: fc.nat(2e6).map(String) },
    fc.constantFrom('media', 'outbound', 'inbound', '', 'a"b', 'ü€', '\\', '{}', '"payload":"AAAA"'),
    fc.nat(2e6),
    fc.nat(2e6).map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(null, true, false, -1, 1e21),
    fc.constantFrom([], [1], {}, { payload: 'AAAA' }, { deep: { deeper: ['x'] } }),
  );
  const payload = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.uint8Array({ minLength: 1, maxLength: 400 }).map((audio) => Buffer.from(audio).toString('base64')),
    },
    fc.constantFrom('', 'A', 'AA', 'AAA', '====', 'A===', 'AA=A', 'AA==AA==', 'AAA', 'AA-_', 'AA A', 'AAAł', 'ŁŁŁŁ'),
    value,
  );
  const media = fc
    .record({ track: value, chunk: value, timestamp: value, payload, more: value }, { requiredKeys: ['payload'] })
    .chain(shuffled);
  const frame = fc
    .record(
      {
        event: fc.oneof({ weight: 8, arbitrary: fc.constant<unknown>('media') }, { weight: 1, arbitrary: value }),
        sequence_number: value,
        stream_id: value,
        media: fc.oneof(
          { weight: 8, arbitrary: media.map((entries) => Object.fromEntries(entries) as unknown) },
          value,
        ),
        extra: value,
      },
      { requiredKeys: ['event', 'media'] },
    )
    .chain(shuffled)
    .map((entries) => Object.fromEntries(entries) as Record<string, unknown>);

  it('agree on any order of keys, extra fields, kinds of value and payloads', () => {
    let taken = 0;
    fc.assert(
      fc.property(frame, fc.boolean(), (object, spaced) => {
        const { scanned } = readBothWays(Buffer.from(JSON.stringify(object, undefined, spaced ? 1 : 0)));
        if (scanned) taken++;
      }),
      { numRuns: 3_000 },
    );
    // Else the property would hold for a short way that takes nothing.
    expect(taken).toBeGreaterThan(300);
  });

  it('agree on every truncation of a frame', () => {
    for (let end = 0; end < CANONICAL.length; end++) {
      const { scanned, parsed } = readBothWays(Buffer.from(CANONICAL.slice(0, end)));
      expect(scanned).toBeUndefined();
      expect(parsed).toEqual({ kind: 'invalid', reason: 'not JSON' });
    }
  });

  it('agree on frames with bytes put in, taken out or changed', () => {
    const printable = fc.oneof(
      fc.constantFrom(...Buffer.from('"{}[]:,\\ 0-.eE=nulltrue')),
      fc.integer({ min: 0x20, max: 0xff }),
    );
    const edit = fc.record({
      at: fc.nat(CANONICAL.length),
      drop: fc.nat(3),
      put: fc.array(printable, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let message = Buffer.from(CANONICAL);
        for (const { at, drop, put } of edits)
          message = Buffer.concat([message.subarray(0, at), Buffer.from(put), message.subarray(at + drop)]);
        readBothWays(message);
      }),
      { numRuns: 5_000 },
    );
  });

  it('never throw, whatever the bytes are', () => {
    const json = fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text));
    const named = fc
      .record({
        event: fc.constantFrom('connected', 'start', 'media', 'dtmf', 'mark', 'error', 'stop', 'news'),
        stream_id: fc.jsonValue(),
        start: fc.oneof(
          fc.jsonValue(),
          fc.record({
            call_control_id: fc.constantFrom('v3:a', ''),
            media_format: fc.record({
              encoding: fc.constantFrom('PCMU', 1),
              sample_rate: fc.constantFrom(8000, '8000', {}, { valueOf: 1, toString: 1 }, null, 'x'),
              channels: fc.jsonValue(),
            }),
          }),
        ),
        media: fc.jsonValue(),
        dtmf: fc.jsonValue(),
        mark: fc.jsonValue(),
        payload: fc.jsonValue(),
      })
      .map((object) => Buffer.from(JSON.stringify(object)));
    const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(fc.oneof(bytes, json, named), (message) => {
        expect(typeof readBothWays(message).parsed.kind).toBe('string');
      }),
      { numRuns: 3_000 },
    );
    const deep = Buffer.from('{"event":"media","media":' + '['.repeat(200_000) + ']'.repeat(200_000) + '}');
    expect(readBothWays(deep)).toMatchObject({ scanned: undefined, parsed: { kind: 'invalid' } });
  });
});

describe('parseFrame', () => {
  it('reads audio in forms the short way does not take', () => {
    const spaced = JSON.stringify(JSON.parse(CANONICAL), undefined, 2);
    expect(scan(spaced)).toBeUndefined();
    expect(parse(spaced)).toEqual({
      kind: 'media',
      media: { inbound: true, chunk: 2, payload: Buffer.from('AAECAwQFBgc='), bytes: 8 },
    });
    expect(parse('{"event":"media","media":{"chunk":7,"payload":"AA\\u0041A"}}')).toMatchObject({
      kind: 'media',
      media: { chunk: 7, payload: Buffer.from('AAAA') },
    });
  });

  it.each(['', 'A', 'AAA', 'AA=A', 'A===', '====', 'AA-_', 'AAAA\n', 'AAAŁ', 'ŁŁŁŁ'])(
    'does not take %j for audio',
    (payload) => {
      expect(parse({ event: 'media', media: { payload } })).toMatchObject({ kind: 'invalid' });
      expect(scan(JSON.stringify({ event: 'media', media: { payload } }))).toBeUndefined();
    },
  );

  it('plays audio whose chunk or track cannot be read, in the order it came', () => {
    for (const chunk of [null, 'seven', '', -3, 2.5, true, {}, '12345678901234567890'])
      expect(parse({ event: 'media', media: { chunk, track: null, payload: 'AAAA' } })).toMatchObject({
        kind: 'media',
        media: { chunk: -1, inbound: true },
      });
  });

  const START = {
    event: 'start',
    sequence_number: '1',
    stream_id: '32de0dea',
    start: {
      user_id: '3e6f',
      call_control_id: 'v3:AbC',
      call_session_id: 'ff55',
      from: '+15550100001',
      to: '+15550100002',
      tags: ['TAG1'],
      client_state: 'eyJ2IjoxfQ==',
      custom_parameters: { tenant: 'acme' },
      media_format: { encoding: 'PCMU', sample_rate: 8000, channels: 1 },
    },
  };

  it('reads start as Telnyx documents it', () => {
    expect(parse(START)).toEqual({
      kind: 'start',
      start: {
        streamId: '32de0dea',
        callControlId: 'v3:AbC',
        callSessionId: 'ff55',
        from: '+15550100001',
        to: '+15550100002',
        clientState: 'eyJ2IjoxfQ==',
        mediaFormat: { encoding: 'PCMU', sampleRateHz: 8000, channels: 1 },
      },
    });
  });

  it('takes null, missing and string forms in start', () => {
    const media_format = { encoding: 'PCMA', sample_rate: '8000' };
    expect(parse({ ...START, start: { call_control_id: 'c', from: null, client_state: null, media_format } })).toEqual({
      kind: 'start',
      start: {
        streamId: '32de0dea',
        callControlId: 'c',
        callSessionId: undefined,
        from: undefined,
        to: undefined,
        clientState: undefined,
        mediaFormat: { encoding: 'PCMA', sampleRateHz: 8000, channels: 1 },
      },
    });
  });

  it('says what is wrong with a start it cannot use', () => {
    expect(parse({ ...START, start: { ...START.start, call_control_id: '' } })).toMatchObject({
      kind: 'invalid',
      reason: expect.stringContaining('call_control_id') as string,
    });
    const media_format = { encoding: 'PCMU', sample_rate: 'fast' };
    expect(parse({ ...START, start: { ...START.start, media_format } })).toMatchObject({ kind: 'invalid' });
  });

  it('reads keys, marks and the ends of streams', () => {
    expect(parse({ event: 'dtmf', dtmf: { digit: 'd' } })).toEqual({
      kind: 'dtmf',
      digit: 'D',
      occurredAtMs: undefined,
    });
    for (const digit of ['', '12', 'E', '1\n', 1])
      expect(parse({ event: 'dtmf', dtmf: { digit } })).toMatchObject({ kind: 'invalid' });
    expect(parse({ event: 'mark', mark: { name: 'a:1' } })).toEqual({ kind: 'mark', name: 'a:1' });
    expect(parse({ event: 'stop', stop: {} })).toEqual({ kind: 'stop' });
    expect(parse({ event: 'connected', version: '1.0.0' })).toEqual({ kind: 'connected' });
  });

  it('reads errors with what they say, or nothing', () => {
    const payload = { code: 100004, title: 'invalid_media', detail: 'no' };
    expect(parse({ event: 'error', payload })).toEqual({ kind: 'error', ...payload });
    expect(parse({ event: 'error', payload: { code: '100004' } })).toMatchObject({ kind: 'error', code: 100004 });
    expect(parse({ event: 'error' })).toEqual({ kind: 'error', code: undefined, title: '', detail: '' });
  });

  it('knows that it does not know newer events, and cuts their names short', () => {
    expect(parse({ event: 'x'.repeat(1000) })).toEqual({ kind: 'unknown', event: 'x'.repeat(64) });
    for (const message of ['', 'null', '[]', '7', '{"event":5}', '{}', '{"event":"media"}'])
      expect(parse(message)).toMatchObject({ kind: 'invalid' });
  });
});

describe('frames to Telnyx', () => {
  it('are read by the double as what was meant, for any audio and any name', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 2_000 }), fc.string(), (audio, name) => {
        expect(parseAppFrame(mediaFrame(Buffer.from(audio)).toString('utf8'), true)).toEqual({
          kind: 'media',
          bytes: Buffer.from(audio),
        });
        expect(parseAppFrame(markFrame(name), true)).toEqual({ kind: 'mark', name });
      }),
    );
    expect(parseAppFrame(CLEAR_FRAME, true)).toEqual({ kind: 'clear' });
  });
});
