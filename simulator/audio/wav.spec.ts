import fc from 'fast-check';
import { encodeG711 } from './g711.js';
import { tone } from './signals.js';
import { decodeWav, encodeWav, WavError } from './wav.js';

/** A WAV file built by hand, so that the reader is not only checked against our own writer. */
function wavFile(options: {
  format?: number;
  channels?: number;
  rateHz?: number;
  bits?: number;
  data?: Buffer;
  dataSize?: number;
  before?: Buffer;
  fmtExtra?: Buffer;
}): Buffer {
  const { format = 1, channels = 1, rateHz = 8000, bits = 16, data = Buffer.alloc(0) } = options;
  const fmt = Buffer.alloc(16);
  fmt.writeUInt16LE(format, 0);
  fmt.writeUInt16LE(channels, 2);
  fmt.writeUInt32LE(rateHz, 4);
  fmt.writeUInt32LE((rateHz * channels * bits) / 8, 8);
  fmt.writeUInt16LE((channels * bits) / 8, 12);
  fmt.writeUInt16LE(bits, 14);
  const chunk = (id: string, body: Buffer, size = body.length): Buffer => {
    const head = Buffer.alloc(8);
    head.write(id, 0, 'latin1');
    head.writeUInt32LE(size, 4);
    return Buffer.concat([head, body, Buffer.alloc(body.length & 1)]);
  };
  const body = Buffer.concat([
    options.before ?? Buffer.alloc(0),
    chunk('fmt ', Buffer.concat([fmt, options.fmtExtra ?? Buffer.alloc(0)])),
    chunk('data', data, options.dataSize),
  ]);
  const riff = Buffer.alloc(12);
  riff.write('RIFF', 0, 'latin1');
  riff.writeUInt32LE(4 + body.length, 4);
  riff.write('WAVE', 8, 'latin1');
  return Buffer.concat([riff, body]);
}

describe('WAV files', () => {
  it('reads back what it wrote, mono and stereo', () => {
    const sample = fc.integer({ min: -32_768, max: 32_767 });
    fc.assert(
      fc.property(
        fc.array(sample, { maxLength: 200 }),
        fc.option(fc.array(sample, { maxLength: 200 }), { nil: undefined }),
        fc.integer({ min: 1000, max: 48_000 }),
        (left, right, rateHz) => {
          const channels = right === undefined ? [left] : [left, right];
          const length = Math.max(...channels.map((channel) => channel.length));
          const read = decodeWav(
            encodeWav(
              rateHz,
              channels.map((channel) => Int16Array.from(channel)),
            ),
          );
          expect(read.sampleRateHz).toBe(rateHz);
          expect(read.channels.map((channel) => [...channel])).toEqual(
            channels.map((channel) => [...channel, ...Array<number>(length - channel.length).fill(0)]),
          );
        },
      ),
    );
  });

  it('writes a header that says what follows, byte for byte', () => {
    const file = encodeWav(8000, [Int16Array.of(1, 2), Int16Array.of(-1)]);
    expect(file.toString('hex')).toBe(
      [
        '52494646', // RIFF
        '2c000000', // 36 + 8 bytes follow
        '57415645666d7420', // WAVEfmt
        '10000000',
        '0100',
        '0200',
        '401f0000', // 8000 Hz
        '007d0000', // 32000 bytes a second
        '0400',
        '1000',
        '64617461',
        '08000000',
        '0100ffff02000000',
      ].join(''),
    );
  });

  it('reads both G.711 laws', () => {
    const sound = tone(440, 50);
    for (const [format, law] of [
      [7, 'PCMU'],
      [6, 'PCMA'],
    ] as const) {
      const [samples] = decodeWav(wavFile({ format, bits: 8, data: encodeG711(law, sound) })).channels;
      const worst = Math.max(...sound.map((sample, i) => Math.abs(sample - (samples?.[i] ?? 0))));
      expect(samples).toHaveLength(sound.length);
      expect(worst).toBeLessThan(200);
    }
  });

  it('skips chunks that it does not know, odd sizes included', () => {
    const list = Buffer.from([...Buffer.from('LIST'), 3, 0, 0, 0, 1, 2, 3, 0]);
    const { channels } = decodeWav(wavFile({ before: list, data: Buffer.from([5, 0]) }));
    expect([...(channels[0] ?? [])]).toEqual([5]);
  });

  it('reads the extensible form of PCM', () => {
    const extra = Buffer.alloc(24);
    extra.writeUInt16LE(22, 0);
    extra.writeUInt16LE(1, 8);
    const { channels } = decodeWav(wavFile({ format: 0xfffe, fmtExtra: extra, data: Buffer.from([7, 0]) }));
    expect([...(channels[0] ?? [])]).toEqual([7]);
  });

  it('takes the rest of the file when the data chunk claims more (a file that was streamed)', () => {
    const { channels } = decodeWav(wavFile({ data: Buffer.from([1, 0, 2, 0]), dataSize: 0xffff_ffff }));
    expect([...(channels[0] ?? [])]).toEqual([1, 2]);
  });

  it.each([
    ['an MP3', Buffer.from('ID3\u0004 and more than twelve bytes'), /not a WAV file/],
    ['an empty file', Buffer.alloc(0), /not a WAV file/],
    ['float samples', wavFile({ format: 3, bits: 32 }), /format 3 with 32 bits/],
    ['24-bit samples', wavFile({ bits: 24 }), /format 1 with 24 bits/],
    ['six channels', wavFile({ channels: 6 }), /6 channels/],
    ['no sample rate', wavFile({ rateHz: 0 }), /sample rate of 0 Hz/],
    ['no data', wavFile({}).subarray(0, 36), /no "data" chunk/],
  ])('refuses %s with a reason', (_, file, reason) => {
    expect(() => decodeWav(file)).toThrow(WavError);
    expect(() => decodeWav(file)).toThrow(reason);
  });

  it('never throws anything but a WavError, whatever the bytes', () => {
    const valid = wavFile({ data: Buffer.alloc(40) });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 8 }), (changes) => {
        const file = Buffer.from(valid);
        for (const [at, byte] of changes) file[at] = byte;
        try {
          expect(decodeWav(file).channels.length).toBeLessThanOrEqual(2);
        } catch (error) {
          expect(error).toBeInstanceOf(WavError);
        }
      }),
    );
  });

  it('refuses to write what it could not read', () => {
    expect(() => encodeWav(8000, [])).toThrow(WavError);
    expect(() => encodeWav(8000.5, [new Int16Array(1)])).toThrow(WavError);
  });
});
