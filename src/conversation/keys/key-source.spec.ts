import fc from 'fast-check';
import { FakeClock } from '../../common/fake-clock.js';
import { KeySource } from './key-source.js';
import { type PressedKey } from './pressed-key.js';

function setUp(kind: 'auto' | 'media' | 'webhook') {
  const clock = new FakeClock();
  const delivered: PressedKey[] = [];
  const source = new KeySource(clock, kind, (key) => delivered.push(key));
  return { clock, source, delivered, digits: () => delivered.map(({ digit }) => digit).join('') };
}

function key(digit: string, occurredAtMs?: number): PressedKey {
  return { digit, occurredAtMs };
}

describe('KeySource', () => {
  it('takes the keys of the media stream and drops the same presses told by webhook, before and after', () => {
    const { clock, source, digits } = setUp('auto');
    source.fromWebhook(key('1'));
    source.fromMedia(key('1'));
    source.fromMedia(key('1'));
    source.fromWebhook(key('1'));
    clock.advance(10_000);
    source.fromWebhook(key('2'));
    source.fromMedia(key('2'));
    source.fromMedia(key('2'));
    source.fromWebhook(key('2'));
    clock.advance(10_000);
    expect(digits()).toBe('1122');
    expect(source.ignored).toBe(4);
  });

  it('waits a moment for the media stream, and then takes the webhook, in the order of pressing, for the whole call', () => {
    const { clock, source, digits } = setUp('auto');
    source.fromWebhook(key('2', 1_200));
    clock.advance(1_000);
    source.fromWebhook(key('1', 1_000));
    clock.advance(499);
    expect(digits()).toBe('');
    clock.advance(1);
    expect(digits()).toBe('12');
    source.fromWebhook(key('2', 1_900));
    expect(digits()).toBe('122');
    source.fromMedia(key('2', 1_900));
    expect(digits()).toBe('122');
    expect(source.ignored).toBe(1);
  });

  it.each([
    ['media', 'm'],
    ['webhook', 'w'],
  ] as const)('takes only the keys of %s at once when told so', (kind, digit) => {
    const { source, digits } = setUp(kind);
    source.fromWebhook(key('w'));
    source.fromMedia(key('m'));
    expect(digits()).toBe(digit);
    expect(source.ignored).toBe(1);
  });

  it('does not keep more keys than anyone can press in that time: so many without the media stream decide', () => {
    const { source, delivered } = setUp('auto');
    for (let press = 0; press < 31; press++) source.fromWebhook(key('5'));
    expect(delivered).toHaveLength(0);
    source.fromWebhook(key('5'));
    expect(delivered).toHaveLength(32);
    source.fromMedia(key('5'));
    expect(delivered).toHaveLength(32);
  });

  it('delivers nothing after the call, not even while it hands over kept keys', () => {
    const clock = new FakeClock();
    const delivered: PressedKey[] = [];
    const source = new KeySource(clock, 'auto', (pressed) => {
      delivered.push(pressed);
      source.stop();
    });
    source.fromWebhook(key('1'));
    source.fromWebhook(key('2'));
    clock.advance(1_500);
    source.fromWebhook(key('3'));
    source.fromMedia(key('3'));
    expect(delivered).toHaveLength(1);

    const stopped = setUp('auto');
    stopped.source.fromWebhook(key('1'));
    stopped.source.stop();
    stopped.clock.advance(1_500);
    expect(stopped.delivered).toHaveLength(0);
  });

  it('delivers every key of one source exactly once and none of the other, whatever comes when', () => {
    const step = fc.record({ from: fc.constantFrom('media', 'webhook'), thenMs: fc.nat(1_000), atMs: fc.nat(5_000) });
    const steps = fc.array(step, { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(fc.constantFrom('auto', 'media', 'webhook'), steps, fc.boolean(), (kind, presses, timed) => {
        const { clock, source, delivered } = setUp(kind);
        const sent: Record<'media' | 'webhook', PressedKey[]> = { media: [], webhook: [] };
        for (const { from, thenMs, atMs } of presses) {
          const pressed = key('1', timed ? atMs : undefined);
          sent[from].push(pressed);
          if (from === 'media') source.fromMedia(pressed);
          else source.fromWebhook(pressed);
          clock.advance(thenMs);
        }
        clock.advance(1_500);
        // Every press is an object of its own here, so that a doubled one and two equal ones are told apart.
        const isAll = (keys: PressedKey[]) =>
          keys.length === delivered.length && keys.every((k) => delivered.includes(k));
        expect(new Set(delivered).size).toBe(delivered.length);
        if (kind === 'auto') expect(isAll(sent.media) || isAll(sent.webhook)).toBe(true);
        else expect(isAll(sent[kind])).toBe(true);
        expect(source.ignored).toBe(presses.length - delivered.length);
        if (kind === 'auto') expect(delivered.length).toBeGreaterThan(0);
      }),
    );
  });
});
