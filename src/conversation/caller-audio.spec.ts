import { CallerAudio } from './caller-audio.js';

const frame = (byte: number, bytes = 160): Buffer =>
  Buffer.from(Buffer.alloc(bytes, byte).toString('base64'), 'latin1');

function released(audio: CallerAudio): Buffer {
  const pieces: Buffer[] = [];
  audio.release((base64) => pieces.push(Buffer.from(base64.toString('latin1'), 'base64')));
  expect(pieces.every((piece) => piece.length <= 8_000)).toBe(true);
  return Buffer.concat(pieces);
}

describe('CallerAudio', () => {
  it('keeps everything until there is a session, and hands it over in order and once', () => {
    const audio = new CallerAudio(() => 0);
    for (let i = 0; i < 100; i++) audio.keep(frame(i));
    const all = released(audio);
    expect(all).toEqual(Buffer.concat(Array.from({ length: 100 }, (_, i) => Buffer.alloc(160, i))));
    expect(released(audio)).toHaveLength(0);
  });

  it('keeps half a minute at most, the newest', () => {
    const audio = new CallerAudio(() => 0);
    for (let i = 0; i < 3_000; i++) audio.keep(frame(i % 251));
    const all = released(audio);
    expect(all.length).toBeGreaterThanOrEqual(240_000);
    expect(all.length).toBeLessThan(240_000 + 2 * 6_200);
    expect(all.at(-1)).toBe(2_999 % 251);
  });

  it('keeps about a second while nothing is owed, so that the beginning of speech is there when it is noticed', () => {
    const audio = new CallerAudio(() => 0);
    audio.unpin();
    for (let i = 0; i < 1_000; i++) audio.keep(frame(i % 251));
    audio.pin();
    for (let i = 0; i < 500; i++) audio.keep(frame(252));
    const all = released(audio);
    const before = all.indexOf(252);
    expect(before).toBeGreaterThanOrEqual(8_000);
    expect(before).toBeLessThan(24_000);
    expect(all.length - before).toBe(500 * 160);
    expect(audio.pinned).toBe(false);
  });

  it('lets go of a turn that is written down or answered', () => {
    const audio = new CallerAudio(() => 0);
    for (let i = 0; i < 500; i++) audio.keep(frame(1));
    audio.unpin();
    expect(released(audio).length).toBeLessThan(24_000);
  });

  it('takes frames of any size', () => {
    const audio = new CallerAudio(() => 0);
    audio.keep(frame(1, 1));
    audio.keep(frame(2, 50_000));
    audio.keep(frame(3, 7));
    expect(released(audio)).toEqual(Buffer.concat([Buffer.alloc(1, 1), Buffer.alloc(50_000, 2), Buffer.alloc(7, 3)]));
  });

  it('forgets what came before a gap: it is another utterance, on a line that is mute in silence', () => {
    let nowMs = 0;
    const audio = new CallerAudio(() => nowMs);
    audio.unpin();
    for (let i = 0; i < 20; i++, nowMs += 20) audio.keep(frame(1));
    nowMs += 5_000;
    audio.keep(frame(2));
    audio.pin();
    expect(released(audio)).toEqual(Buffer.alloc(160, 2));
  });

  it('forgets nothing for a gap in what has to be heard', () => {
    let nowMs = 0;
    const audio = new CallerAudio(() => nowMs);
    audio.keep(frame(1));
    nowMs += 5_000;
    audio.keep(frame(2));
    expect(released(audio)).toEqual(Buffer.concat([Buffer.alloc(160, 1), Buffer.alloc(160, 2)]));
  });
});
