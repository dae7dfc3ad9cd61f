import { ScriptedLine } from '../../../test/support/scripted-conversation.js';
import { TonedLine } from './toned-line.js';

function setUp() {
  const line = new ScriptedLine();
  return { line, toned: new TonedLine(line) };
}

describe('TonedLine', () => {
  it('is idle while only a tone is playing, though not silent', () => {
    const { line, toned } = setUp();
    toned.playTone();
    expect(toned.idle).toBe(true);
    expect(toned.silent).toBe(false);
    line.hears(600);
    toned.toneHeard();
    expect(toned.silent).toBe(true);
  });

  it('is not idle when the assistant speaks behind a tone, or a tone comes behind the assistant', () => {
    for (const first of ['tone', 'speech']) {
      const { toned } = setUp();
      if (first === 'tone') toned.playTone();
      toned.play('answer', Buffer.alloc(160));
      if (first === 'speech') toned.playTone();
      expect(toned.idle).toBe(false);
    }
  });

  it('plays speech that comes after a tone was heard', () => {
    const { line, toned } = setUp();
    toned.playTone();
    line.hears(600);
    toned.toneHeard();
    toned.play('answer', Buffer.alloc(160));
    expect(toned.idle).toBe(false);
  });

  it('stops tones with everything else, and tells nobody of them', () => {
    const { toned } = setUp();
    toned.playTone();
    toned.play('answer', Buffer.alloc(1_600));
    expect(toned.heardItems().map(({ itemId }) => itemId)).toEqual(['answer']);
    expect(toned.interrupt().map(({ itemId }) => itemId)).toEqual(['answer']);
    expect(toned.silent).toBe(true);
  });

  it('knows its tones by their name', () => {
    const { line, toned } = setUp();
    toned.playTone();
    expect(toned.isTone(line.played.trim())).toBe(true);
    expect(toned.isTone('answer')).toBe(false);
  });
});
