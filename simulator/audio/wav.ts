import { decodeG711 } from './g711.js';

/** Sound as it stood in a WAV file: one array of 16-bit samples per channel, all of one length. */
export interface WavAudio {
  sampleRateHz: number;
  channels: readonly Int16Array[];
}

/** A file that is no WAV, or a WAV of a kind that is not read here. The message says which, and what would be right. */
export class WavError extends Error {
  override readonly name = 'WavError';
}

const HEADER_BYTES = 44;
const FORMAT_PCM = 1;
const FORMAT_ALAW = 6;
const FORMAT_MULAW = 7;
/** The real format code then stands at the start of the GUID, 24 bytes into the chunk. */
const FORMAT_EXTENSIBLE = 0xfffe;

interface Format {
  code: number;
  channelCount: number;
  sampleRateHz: number;
  bitsPerSample: number;
}

function readFormat(chunk: Buffer): Format {
  if (chunk.length < 16) throw new WavError(`the "fmt " chunk has ${chunk.length} bytes, at least 16 are needed`);
  const declared = chunk.readUInt16LE(0);
  const code = declared === FORMAT_EXTENSIBLE && chunk.length >= 26 ? chunk.readUInt16LE(24) : declared;
  const format = {
    code,
    channelCount: chunk.readUInt16LE(2),
    sampleRateHz: chunk.readUInt32LE(4),
    bitsPerSample: chunk.readUInt16LE(14),
  };
  const known =
    (code === FORMAT_PCM && format.bitsPerSample === 16) ||
    ((code === FORMAT_ALAW || code === FORMAT_MULAW) && format.bitsPerSample === 8);
  if (!known)
    throw new WavError(
      `format ${code} with ${format.bitsPerSample} bits a sample is not read here; 16-bit PCM and G.711 are`,
    );
  if (format.channelCount < 1 || format.channelCount > 2)
    throw new WavError(`${format.channelCount} channels; one or two are read here`);
  if (format.sampleRateHz < 1000 || format.sampleRateHz > 384_000)
    throw new WavError(`a sample rate of ${format.sampleRateHz} Hz; 1000 to 384000 are read here`);
  return format;
}

function samplesOf(format: Format, data: Buffer): Int16Array {
  if (format.code !== FORMAT_PCM) return decodeG711(format.code === FORMAT_MULAW ? 'PCMU' : 'PCMA', data);
  const samples = new Int16Array(data.length >> 1);
  for (let i = 0; i < samples.length; i++) samples[i] = data.readInt16LE(2 * i);
  return samples;
}

/**
 * Reads a WAV file: 16-bit PCM or G.711 (both laws), mono or stereo, any sample rate, unknown chunks skipped. A data chunk
 * longer than the file (written by a program that streamed) ends where the file ends. Throws WavError for anything else.
 */
export function decodeWav(file: Uint8Array): WavAudio {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.length < 12 || bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE')
    throw new WavError('not a WAV file: it does not start with RIFF and WAVE');
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const id = bytes.toString('latin1', at, at + 4);
    const sizeBytes = bytes.readUInt32LE(at + 4);
    const body = bytes.subarray(at + 8, at + 8 + sizeBytes);
    if (id === 'fmt ') format = readFormat(body);
    if (id === 'data') {
      if (format === undefined) throw new WavError('the "data" chunk comes before the "fmt " chunk');
      const samples = samplesOf(format, body);
      return { sampleRateHz: format.sampleRateHz, channels: split(samples, format.channelCount) };
    }
    // Chunks start at even places.
    at += 8 + sizeBytes + (sizeBytes & 1);
  }
  throw new WavError('the file has no "data" chunk');
}

function split(interleaved: Int16Array, channelCount: number): Int16Array[] {
  if (channelCount === 1) return [interleaved];
  const length = Math.floor(interleaved.length / channelCount);
  return Array.from({ length: channelCount }, (_, channel) =>
    Int16Array.from({ length }, (_, i) => interleaved[i * channelCount + channel] ?? 0),
  );
}

/** One or two channels of 16-bit samples in, a PCM WAV file out. A shorter channel is filled up with silence. */
export function encodeWav(sampleRateHz: number, channels: readonly Int16Array[]): Buffer {
  const channelCount = channels.length;
  if (channelCount < 1 || channelCount > 2) throw new WavError(`${channelCount} channels; one or two can be written`);
  if (!Number.isInteger(sampleRateHz) || sampleRateHz < 1000 || sampleRateHz > 384_000)
    throw new WavError(`a sample rate of ${sampleRateHz} Hz; whole numbers from 1000 to 384000 can be written`);
  const length = Math.max(...channels.map((channel) => channel.length));
  const frameBytes = 2 * channelCount;
  const dataBytes = length * frameBytes;
  const file = Buffer.alloc(HEADER_BYTES + dataBytes);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(HEADER_BYTES - 8 + dataBytes, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(FORMAT_PCM, 20);
  file.writeUInt16LE(channelCount, 22);
  file.writeUInt32LE(sampleRateHz, 24);
  file.writeUInt32LE(sampleRateHz * frameBytes, 28);
  file.writeUInt16LE(frameBytes, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(dataBytes, 40);
  channels.forEach((samples, channel) => {
    for (let i = 0; i < samples.length; i++)
      file.writeInt16LE(samples[i] ?? 0, HEADER_BYTES + i * frameBytes + 2 * channel);
  });
  return file;
}
