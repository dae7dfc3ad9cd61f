import fc from 'fast-check';
import { AudioHold } from './audio-hold.js';

function base64(audio: Uint8Array): Buffer {
  return Buffer.from(Buffer.from(audio).toString('base64'), 'latin1');
}

/** What is handed over, decoded. */
function released(hold: AudioHold): Buffer[] {
  const pieces: Buffer[] = [];
  hold.release((piece) => pieces.push(Buffer.from(piece.toString('latin1'), 'base64')));
  return pieces;
}

describe('AudioHold', () => {
  it('hands over what it kept, in order and once, in pieces of up to a second', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 5_000 }), { maxLength: 12 }), (frames) => {
        const hold = new AudioHold();
        for (const frame of frames) hold.keep(base64(frame));
        const pieces = released(hold);
        expect(Buffer.concat(pieces)).toEqual(Buffer.concat(frames));
        expect(pieces.slice(0, -1).every((piece) => piece.length === 8_000)).toBe(true);
        expect(released(hold)).toEqual([]);
      }),
    );
  });

  it('keeps the last half minute', () => {
    const hold = new AudioHold();
    const frame = (number: number): Buffer => Buffer.alloc(160, number % 251);
    for (let number = 0; number < 2_000; number++) hold.keep(base64(frame(number)));
    const audio = Buffer.concat(released(hold));
    expect(audio).toHaveLength(240_000);
    expect(audio.subarray(-160)).toEqual(frame(1_999));
    expect(audio.subarray(0, 160)).toEqual(frame(500));
  });

  it('does not hold on to the memory that a frame came in', () => {
    const hold = new AudioHold();
    const view = base64(Buffer.from('audio'));
    hold.keep(view);
    view.fill(0x41);
    expect(Buffer.concat(released(hold)).toString()).toBe('audio');
  });

  it('begins anew after it was emptied by too much at once', () => {
    const hold = new AudioHold();
    hold.keep(base64(Buffer.alloc(300_000)));
    hold.keep(base64(Buffer.from('after')));
    expect(Buffer.concat(released(hold)).toString()).toBe('after');
  });
});
