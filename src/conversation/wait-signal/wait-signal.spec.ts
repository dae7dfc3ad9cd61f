import { FakeClock } from '../../common/fake-clock.js';
import { WaitSignal } from './wait-signal.js';

interface SaidWith {
  resolve(said: boolean): void;
  reject(error: Error): void;
}

function setUp(kind: 'speech' | 'tone' | 'off', afterMs = 2_000) {
  const clock = new FakeClock();
  const signals: string[] = [];
  const sayings: SaidWith[] = [];
  const line = { silent: true };
  const signal = new WaitSignal(
    clock,
    { kind, afterMs, sentence: 'One moment.' },
    {
      say: (sentence) => {
        signals.push(sentence);
        return new Promise((resolve, reject) => sayings.push({ resolve, reject }));
      },
      tone: () => signals.push('tone'),
      unattended: (work) => void work.catch((error: unknown) => signals.push(String(error))),
      silent: () => line.silent,
    },
  );
  /** Settles the last sentence, and lets that be noticed. */
  const settle = async (how: (saying: SaidWith) => void) => {
    const saying = sayings.at(-1);
    if (!saying) throw new Error('nothing was said');
    how(saying);
    await new Promise(setImmediate);
  };
  return { clock, signals, line, signal, settle };
}

describe('WaitSignal', () => {
  it('says the sentence once when a wait was silent for too long, and plays tones when it goes on', async () => {
    const { clock, signals, signal, settle } = setUp('speech');
    signal.waiting(true);
    clock.advance(1_000);
    signal.waiting(true);
    clock.advance(999);
    expect(signals).toEqual([]);
    clock.advance(1);
    expect(signals).toEqual(['One moment.']);
    await settle(({ resolve }) => resolve(true));
    clock.advance(5_999);
    expect(signals).toEqual(['One moment.']);
    clock.advance(1);
    expect(signals).toEqual(['One moment.', 'tone']);
    clock.advance(6_000);
    expect(signals).toEqual(['One moment.', 'tone', 'tone', 'tone']);
    signal.waiting(false);
    signal.waiting(false);
    clock.advance(60_000);
    expect(signals).toEqual(['One moment.', 'tone', 'tone', 'tone']);
  });

  it.each([
    ['is refused', ({ resolve }: SaidWith) => resolve(false)],
    ['fails', ({ reject }: SaidWith) => reject(new Error('503'))],
  ])('plays the tone at once when the sentence %s', async (_, how) => {
    const { clock, signals, signal, settle } = setUp('speech');
    signal.waiting(true);
    clock.advance(2_000);
    await settle(how);
    clock.advance(0);
    expect(signals).toEqual(['One moment.', 'tone']);
    clock.advance(3_000);
    expect(signals).toEqual(['One moment.', 'tone', 'tone']);
  });

  it('does not wait for ever to learn whether the sentence was said, nor does it matter once it plays tones', async () => {
    const { clock, signals, signal, settle } = setUp('speech');
    signal.waiting(true);
    clock.advance(8_000);
    expect(signals).toEqual(['One moment.', 'tone']);
    await settle(({ resolve }) => resolve(false));
    clock.advance(2_999);
    expect(signals).toEqual(['One moment.', 'tone']);
    clock.advance(1);
    expect(signals).toEqual(['One moment.', 'tone', 'tone']);
  });

  it('counts the distance to the first tone from the word that the sentence was said', async () => {
    const { clock, signals, signal, settle } = setUp('speech');
    signal.waiting(true);
    clock.advance(7_000);
    await settle(({ resolve }) => resolve(true));
    clock.advance(5_999);
    expect(signals).toEqual(['One moment.']);
    clock.advance(1);
    expect(signals).toEqual(['One moment.', 'tone']);
  });

  it('does not play a tone for a sentence that is refused after its wait, not even in the next wait', async () => {
    const { clock, signals, signal, settle } = setUp('speech');
    signal.waiting(true);
    clock.advance(2_000);
    signal.waiting(false);
    signal.waiting(true);
    await settle(({ resolve }) => resolve(false));
    clock.advance(1_999);
    expect(signals).toEqual(['One moment.']);
    clock.advance(1);
    expect(signals).toEqual(['One moment.', 'One moment.']);
  });

  it('keeps quiet in a wait that is short', () => {
    const { clock, signals, signal } = setUp('speech');
    for (let wait = 0; wait < 5; wait++) {
      signal.waiting(true);
      clock.advance(1_999);
      signal.waiting(false);
      clock.advance(1_000);
    }
    expect(signals).toEqual([]);
  });

  it('counts only silence: while the caller hears something, and right after it, nothing is said', () => {
    const { clock, signals, line, signal } = setUp('speech');
    line.silent = false;
    signal.waiting(true);
    clock.advance(10_000);
    line.silent = true;
    clock.advance(1_500);
    line.silent = false;
    clock.advance(500);
    line.silent = true;
    clock.advance(1_999);
    expect(signals).toEqual([]);
    // It looks four times a second, so the end of the sound is noticed up to 250 ms late.
    clock.advance(251);
    expect(signals).toEqual(['One moment.']);
  });

  it('plays a tone every three seconds when that is all it may do', () => {
    const { clock, signals, signal } = setUp('tone', 600);
    signal.waiting(true);
    clock.advance(599);
    expect(signals).toEqual([]);
    clock.advance(1);
    expect(signals).toEqual(['tone']);
    clock.advance(2_999);
    expect(signals).toEqual(['tone']);
    clock.advance(3_001);
    expect(signals).toEqual(['tone', 'tone', 'tone']);
  });

  it('plays no tone into something that the caller hears', () => {
    const { clock, signals, line, signal } = setUp('tone');
    signal.waiting(true);
    clock.advance(2_000);
    line.silent = false;
    clock.advance(20_000);
    expect(signals).toEqual(['tone']);
    line.silent = true;
    clock.advance(250);
    expect(signals).toEqual(['tone', 'tone']);
  });

  it('does nothing when it is off, and nothing after the call', async () => {
    const off = setUp('off');
    off.signal.waiting(true);
    off.clock.advance(60_000);
    off.signal.waiting(false);
    expect(off.signals).toEqual([]);

    const stopped = setUp('speech');
    stopped.signal.waiting(true);
    stopped.clock.advance(2_000);
    stopped.signal.stop();
    await stopped.settle(({ reject }) => reject(new Error('the call is gone')));
    stopped.signal.waiting(true);
    stopped.clock.advance(60_000);
    expect(stopped.signals).toEqual(['One moment.']);

    const toning = setUp('tone');
    toning.signal.waiting(true);
    toning.clock.advance(2_000);
    toning.signal.stop();
    toning.clock.advance(60_000);
    expect(toning.signals).toEqual(['tone']);
  });
});
