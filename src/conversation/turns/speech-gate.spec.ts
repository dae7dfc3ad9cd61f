import { FakeClock } from '../../common/fake-clock.js';
import { SpeechGate } from './speech-gate.js';

/** 20 ms of a loud mu-law square wave, and of silence. */
const VOICE = Buffer.from(Buffer.alloc(160, 0x90).toString('base64'), 'latin1');
const SILENCE = Buffer.from(Buffer.alloc(160, 0xff).toString('base64'), 'latin1');

function setUp(leastMs = 300) {
  const clock = new FakeClock();
  let interruptions = 0;
  const gate = new SpeechGate(clock, leastMs, () => interruptions++);
  const frames = (count: number, base64 = VOICE): void => {
    for (let i = 0; i < count; i++) {
      clock.advance(20);
      gate.audio('pcmu', base64);
    }
  };
  return { clock, gate, frames, interruptions: () => interruptions };
}

describe('SpeechGate', () => {
  it('opens when there has been enough voice, and once', () => {
    const { gate, frames, interruptions } = setUp();
    gate.begin('item');
    frames(14);
    expect(interruptions()).toBe(0);
    frames(1);
    expect(interruptions()).toBe(1);
    expect(gate.measuring).toBe(false);
    frames(200);
    expect(interruptions()).toBe(1);
    expect(gate.end('item')).toBe(false);
  });

  it('counts voice, not the time between', () => {
    const { gate, frames, interruptions } = setUp();
    gate.begin('item');
    for (let word = 0; word < 4; word++) {
      frames(3);
      frames(5, SILENCE);
    }
    expect(interruptions()).toBe(0);
    frames(3);
    expect(interruptions()).toBe(1);
  });

  it('stays shut for a cough and says that it was too short', () => {
    const { clock, gate, frames, interruptions } = setUp();
    gate.begin('item');
    frames(10);
    frames(25, SILENCE);
    expect(gate.end('item')).toBe(true);
    clock.advance(60_000);
    expect(interruptions()).toBe(0);
  });

  it('does not count a cough towards the next one', () => {
    const { gate, frames, interruptions } = setUp();
    for (const item of ['one', 'two', 'three']) {
      gate.begin(item);
      frames(10);
      expect(gate.end(item)).toBe(true);
    }
    expect(interruptions()).toBe(0);
  });

  it('opens for a soft voice when the model hears speech for long enough', () => {
    const { clock, gate, interruptions } = setUp();
    gate.begin('item');
    clock.advance(1_499);
    expect(interruptions()).toBe(0);
    clock.advance(1);
    expect(interruptions()).toBe(1);
  });

  it('measures only what was begun last', () => {
    const { gate } = setUp();
    gate.begin('one');
    gate.begin('two');
    expect(gate.end('one')).toBe(false);
    expect(gate.measuring).toBe(true);
    expect(gate.end('two')).toBe(true);
  });

  it('does nothing more once it was cancelled', () => {
    const { clock, gate, interruptions } = setUp();
    gate.begin('item');
    gate.cancel();
    clock.advance(60_000);
    expect(interruptions()).toBe(0);
    expect(gate.end('item')).toBe(false);
  });
});
