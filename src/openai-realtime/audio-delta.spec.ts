import fc from 'fast-check';
import { type AudioDelta, scanAudioDelta } from './audio-delta.js';
import { parseServerEvent } from './server-events.js';

const DELTA = 'response.output_audio.delta';

function bytes(event: unknown): Buffer {
  return Buffer.from(JSON.stringify(event));
}

/** What the full parser makes of a message, if it is an audio delta with audio. */
function parsedDelta(message: Buffer): AudioDelta | undefined {
  const parsed = parseServerEvent(message);
  if (parsed.kind !== 'event' || parsed.event.type !== DELTA) return undefined;
  const { response_id: responseId, item_id: itemId, delta } = parsed.event;
  return { responseId, itemId, audio: Buffer.from(delta, 'base64') };
}

const id = fc.oneof(fc.constantFrom('resp_1', 'item_1', ''), fc.string(), fc.string({ unit: 'binary' }));
const audio = fc.uint8Array({ maxLength: 400 }).map((piece) => Buffer.from(piece).toString('base64'));
const scalar = fc.oneof(fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.string());
const key = fc.constantFrom('type', 'response_id', 'item_id', 'delta', 'event_id', 'output_index', 'obfuscation');
const value = fc.oneof(id, audio, scalar, fc.constant(DELTA), fc.jsonValue());

/** A JSON object with keys in any order, more than once, and of any kind. */
const anyObject = fc
  .tuple(
    fc.record({ type: fc.constant(DELTA), response_id: id, item_id: id, delta: audio }),
    fc.array(fc.tuple(key, value), { maxLength: 4 }),
    fc.infiniteStream(fc.nat()),
  )
  .map(([plain, extra, order]) => {
    const members = [...Object.entries(plain), ...extra].map(([name, member]) => `"${name}":${JSON.stringify(member)}`);
    const shuffled = members
      .map((member) => ({ member, at: order.next().value as number }))
      .toSorted((a, b) => a.at - b.at);
    return Buffer.from(`{${shuffled.map(({ member }) => member).join(',')}}`);
  });

describe('the fast scan of audio deltas', () => {
  it('takes the deltas that OpenAI writes', () => {
    const delta = Buffer.from('some mu-law').toString('base64');
    const event = {
      type: DELTA,
      event_id: 'event_1',
      response_id: 'resp_1',
      item_id: 'item_1',
      output_index: 0,
      delta,
    };
    for (const more of [{}, { content_index: 0 }, { obfuscation: 'x9fA' }]) {
      expect(scanAudioDelta(bytes({ ...event, ...more }))).toEqual({
        responseId: 'resp_1',
        itemId: 'item_1',
        audio: Buffer.from('some mu-law'),
      });
    }
  });

  it('agrees with the parser on every delta, however its keys are ordered, repeated or spoilt', () => {
    fc.assert(
      fc.property(anyObject, (message) => {
        const scanned = scanAudioDelta(message);
        if (scanned) expect(scanned).toEqual(parsedDelta(message));
      }),
      { numRuns: 2_000 },
    );
  });

  it('misses no plain delta', () => {
    const plain = fc.stringMatching(/^[A-Za-z0-9_]{1,30}$/);
    fc.assert(
      fc.property(plain, plain, fc.uint8Array({ minLength: 1, maxLength: 4_000 }), (responseId, itemId, piece) => {
        const delta = Buffer.from(piece).toString('base64');
        const message = bytes({ type: DELTA, event_id: 'e', response_id: responseId, item_id: itemId, delta });
        expect(scanAudioDelta(message)).toEqual({ responseId, itemId, audio: Buffer.from(piece) });
      }),
    );
  });

  it('takes nothing from messages with bytes spoilt that the parser would not take too', () => {
    const message = bytes({
      type: DELTA,
      response_id: 'resp_1',
      item_id: 'item_1',
      output_index: 0,
      delta: 'AAECAwQF',
    });
    // Control characters inside strings are no JSON; the scan does not look for them (see FlatJsonScanner).
    const printable = fc.integer({ min: 0x20, max: 0xff });
    fc.assert(
      fc.property(fc.nat(message.length - 1), printable, fc.nat(message.length), (at, byte, cut) => {
        const spoilt = Buffer.from(message);
        spoilt[at] = byte;
        const scanned = scanAudioDelta(spoilt);
        if (scanned) expect(scanned).toEqual(parsedDelta(spoilt));
        expect(scanAudioDelta(message.subarray(0, cut)) === undefined).toBe(cut < message.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['another event', { type: 'response.output_audio.done', response_id: 'r', item_id: 'i', delta: 'AAAA' }],
    ['a transcript', { type: 'response.output_audio_transcript.delta', response_id: 'r', item_id: 'i', delta: 'AAAA' }],
    ['no audio', { type: DELTA, response_id: 'r', item_id: 'i', delta: '' }],
    ['no item', { type: DELTA, response_id: 'r', delta: 'AAAA' }],
    ['audio that is no base64', { type: DELTA, response_id: 'r', item_id: 'i', delta: 'AA*A' }],
    ['an object inside', { type: DELTA, response_id: 'r', item_id: 'i', delta: 'AAAA', extra: {} }],
  ])('leaves %s to the parser', (_case, event) => {
    expect(scanAudioDelta(bytes(event))).toBeUndefined();
  });

  it('reads a delta whose base64 was escaped on the way', () => {
    const message = Buffer.from(`{"type":"${DELTA}","response_id":"r","item_id":"i","delta":"\\/\\/\\/\\/"}`);
    expect(scanAudioDelta(message)).toBeUndefined();
    expect(parsedDelta(message)?.audio).toEqual(Buffer.from([0xff, 0xff, 0xff]));
  });
});
