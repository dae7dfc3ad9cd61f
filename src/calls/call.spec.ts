import pino from 'pino';
import { FakeClock } from '../common/fake-clock.js';
import { Call, type CallSurroundings } from './call.js';
import { BROKEN, GONE, ScriptedCommands } from './testing/scripted-commands.js';

function setUp(overrides: Partial<CallSurroundings> = {}) {
  const clock = new FakeClock();
  const commands = new ScriptedCommands();
  const released: Call[] = [];
  const told: string[] = [];
  const call = new Call('call-1', {
    clock,
    commands,
    log: pino({ enabled: false }),
    rules: { maxRestarts: 3, failure: { sentence: 'Sorry.', fallbackTo: undefined } },
    waitsMs: {
      'first-stream': 8_000,
      redial: 2_000,
      'restarted-stream': 5_000,
      'second-leg': 45_000,
      transferred: 15_000_000,
      sentence: 10_000,
      hangup: 20_000,
    },
    streamRequest: (attempt) => ({ url: `wss://gw/${attempt}`, clientState: '' }),
    expectSecondLeg: (transfer) => `leg ${transfer}`,
    ending: () => told.push('ending'),
    cameBack: (_call, why) => told.push(`back: ${why}`),
    handedOver: () => told.push('handed over'),
    released: (over) => released.push(over),
    changed: () => undefined,
    ...overrides,
  });
  /** Lets time pass, and every promise on the way come to its end. */
  const pass = async (ms: number): Promise<void> => {
    await settle();
    for (let passedMs = 0; passedMs < ms; passedMs += 500) {
      clock.advance(Math.min(500, ms - passedMs));
      await settle();
    }
  };
  return { call, clock, commands, released, told, pass };
}

/** Lets everything that only waits for resolved promises run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const urls = (commands: ScriptedCommands): string[] => commands.streams.map(({ url }) => url);

describe('Call', () => {
  it('is hung up again when Telnyx fails, until it is taken', async () => {
    const { call, commands, released, pass } = setUp();
    commands.outcomes.hangup = [BROKEN, BROKEN];
    call.handle({ type: 'end', reason: 'assistant-hung-up', sentence: undefined });
    await pass(10_000);
    expect(commands.asked).toEqual(['hangup call-1', 'hangup call-1', 'hangup call-1']);
    expect(call.state.phase).toBe('ending');
    call.handle({ type: 'hangup', byCaller: false });
    expect(call.state).toMatchObject({ phase: 'ended', endReason: 'assistant-hung-up' });
    expect(released).toEqual([call]);
  });

  it('is hung up again for minutes while Telnyx does not take it, and let go of in the end', async () => {
    const { call, commands, released, pass } = setUp();
    commands.outcomes.hangup = Array.from({ length: 30 }, () => BROKEN);
    call.handle({ type: 'end', reason: 'assistant-hung-up', sentence: undefined });
    await pass(5 * 60_000);
    expect(commands.asked.length).toBeGreaterThan(12);
    expect(released).toEqual([]);
    await pass(10 * 60_000);
    expect(commands.asked).toHaveLength(20);
    expect(released).toEqual([call]);
  });

  it('is not hung up again once the webhook has said that it is over', async () => {
    const { call, commands, pass } = setUp();
    commands.outcomes.hangup = [BROKEN];
    call.handle({ type: 'end', reason: 'assistant-hung-up', sentence: undefined });
    await pass(500);
    call.handle({ type: 'hangup', byCaller: true });
    await pass(10_000);
    expect(commands.asked).toEqual(['hangup call-1']);
  });

  it('ends normally when the hang-up finds it over already (90018)', async () => {
    const { call, commands, released, pass } = setUp();
    commands.outcomes.hangup = [GONE];
    call.handle({ type: 'end', reason: 'shutdown', sentence: undefined });
    await pass(0);
    expect(call.state).toMatchObject({ phase: 'ended', endReason: 'shutdown' });
    expect(released).toEqual([call]);
  });

  it('is released once, when the webhook and 90018 both say that it is over', async () => {
    const { call, commands, released, pass } = setUp();
    commands.outcomes.hangup = [GONE];
    call.handle({ type: 'end', reason: 'shutdown', sentence: undefined });
    call.handle({ type: 'hangup', byCaller: true });
    await pass(30_000);
    expect(released).toEqual([call]);
  });

  it('asks for the stream again under the next number when nobody dials', async () => {
    const { call, commands, pass } = setUp();
    call.handle({ type: 'answer-accepted' });
    call.handle({ type: 'stream-started' });
    call.handle({ type: 'stream-lost' });
    await pass(1_500);
    expect(commands.asked).toEqual([]);
    await pass(500);
    expect(urls(commands)).toEqual(['wss://gw/1']);
    await pass(5_000);
    expect(urls(commands)).toEqual(['wss://gw/1', 'wss://gw/2']);
  });

  it('does not wait for a stream that was refused, and says the sentence when all were', async () => {
    const { call, commands, pass } = setUp();
    commands.outcomes.start = [BROKEN, BROKEN, BROKEN];
    call.handle({ type: 'answer-accepted' });
    call.handle({ type: 'stream-started' });
    call.handle({ type: 'stream-lost' });
    await pass(2_000);
    expect(commands.asked.map((asked) => asked.split(' ')[0])).toEqual(['start', 'start', 'start', 'speak']);
    expect(call.state).toMatchObject({ phase: 'saying', endReason: 'media-stream-lost' });
  });

  it('keeps a stream that arrived although the command for it was refused', async () => {
    const { call, commands, pass } = setUp();
    commands.outcomes.start = [BROKEN];
    call.handle({ type: 'answer-accepted' });
    call.handle({ type: 'stream-failed' });
    call.handle({ type: 'stream-started' });
    await pass(30_000);
    expect(call.state.phase).toBe('streaming');
    expect(commands.asked).toEqual(['start call-1']);
  });

  it('takes the refusal of an older attempt for nothing', async () => {
    const { call, commands, pass } = setUp();
    commands.outcomes.start = [BROKEN];
    call.handle({ type: 'answer-accepted' });
    call.handle({ type: 'stream-started' });
    call.handle({ type: 'stream-lost' });
    call.handle({ type: 'stream-failed' });
    call.handle({ type: 'stream-failed' });
    await pass(0);
    expect(urls(commands)).toEqual(['wss://gw/1', 'wss://gw/2']);
    expect(call.state).toMatchObject({ phase: 'interrupted', attempt: 2, tries: 2 });
  });

  it('is over when the stream is refused because the caller has gone', async () => {
    const { call, commands, released, pass } = setUp();
    commands.outcomes.start = [GONE];
    call.handle({ type: 'answer-accepted' });
    call.handle({ type: 'stream-failed' });
    await pass(0);
    expect(call.state).toMatchObject({ phase: 'ended', endReason: 'caller-hung-up' });
    expect(released).toEqual([call]);
    expect(commands.asked).toEqual(['start call-1']);
  });

  it('says its sentence and hangs up when that is over, or when its end is never reported', async () => {
    for (const reported of [true, false]) {
      const { call, commands, pass } = setUp();
      call.handle({ type: 'answer-accepted' });
      call.handle({ type: 'stream-started' });
      call.handle({ type: 'end', reason: 'model-lost', sentence: 'Sorry.' });
      await pass(9_500);
      expect(commands.asked).toEqual(['speak call-1']);
      if (reported) call.handle({ type: 'sentence-over' });
      await pass(500);
      expect(commands.asked).toEqual(['speak call-1', 'hangup call-1']);
    }
  });

  it('hangs up at once when Telnyx cannot speak', async () => {
    const { call, commands, pass } = setUp();
    commands.outcomes.speak = [BROKEN];
    call.handle({ type: 'answer-accepted' });
    call.handle({ type: 'end', reason: 'model-unavailable', sentence: 'Sorry.' });
    await pass(0);
    expect(commands.asked).toEqual(['speak call-1', 'hangup call-1']);
  });

  it('waits for the sentence when the reply to the command was lost: it may be spoken all the same', async () => {
    const { call, commands, pass } = setUp();
    commands.outcomes.speak = [{ ok: false, gone: false, code: 'APIConnectionTimeoutError', status: undefined }];
    call.handle({ type: 'answer-accepted' });
    call.handle({ type: 'end', reason: 'model-unavailable', sentence: 'Sorry.' });
    await pass(5_000);
    expect(commands.asked).toEqual(['speak call-1']);
    call.handle({ type: 'sentence-over' });
    await pass(0);
    expect(commands.asked).toEqual(['speak call-1', 'hangup call-1']);
  });

  it('counts as active until it is on its way out', () => {
    const { call } = setUp();
    expect(call.active).toBe(true);
    call.handle({ type: 'stream-started' });
    call.handle({ type: 'end', reason: 'shutdown', sentence: 'Sorry.' });
    expect(call.active).toBe(true);
    call.handle({ type: 'sentence-over' });
    expect(call.active).toBe(false);
  });

  it('leaves no timer behind when it is over', async () => {
    const { call, commands, released, pass } = setUp();
    call.handle({ type: 'answer-accepted' });
    call.handle({ type: 'hangup', byCaller: true });
    await pass(60_000);
    expect(commands.asked).toEqual([]);
    expect(released).toEqual([call]);
  });

  it('stops its stream before it is transferred, and is told under which state the second leg is known', async () => {
    const { call, commands, told, pass } = setUp();
    call.handle({ type: 'stream-started' });
    call.handle({ type: 'transfer', to: '+1', sentence: undefined });
    await pass(0);
    expect(commands.asked).toEqual(['stop call-1', 'transfer call-1']);
    expect(commands.transfers).toEqual([{ to: '+1', clientState: 'leg 1', transfer: 1 }]);
    call.handle({ type: 'second-leg-answered', transfer: 1 });
    expect(told).toEqual(['handed over']);
    expect(call).toMatchObject({ active: false, ours: false });
  });

  it.each([
    ['not in use', { ok: false, gone: false, code: '90048', status: 422 } as const],
    ['broken', BROKEN],
  ])('is transferred although its stream could not be stopped: %s', async (_case, outcome) => {
    const { call, commands, pass } = setUp();
    commands.outcomes['stop'] = [outcome];
    call.handle({ type: 'stream-started' });
    call.handle({ type: 'transfer', to: '+1', sentence: undefined });
    await pass(0);
    expect(commands.asked).toEqual(['stop call-1', 'transfer call-1']);
  });

  it('is not transferred when the caller hangs up while the stream is stopped', async () => {
    const { call, commands, released, pass } = setUp();
    call.handle({ type: 'stream-started' });
    call.handle({ type: 'transfer', to: '+1', sentence: undefined });
    call.handle({ type: 'hangup', byCaller: true });
    await pass(0);
    expect(commands.asked).toEqual(['stop call-1']);
    expect(released).toEqual([call]);
  });

  it('asks for its stream again when the transfer is refused, and tells when it is there', async () => {
    const { call, commands, told, pass } = setUp();
    commands.outcomes['transfer'] = [{ ok: false, gone: false, code: '10016', status: 422 }];
    call.handle({ type: 'stream-started' });
    call.handle({ type: 'transfer', to: '+1', sentence: undefined });
    await pass(0);
    expect(commands.asked).toEqual(['stop call-1', 'transfer call-1', 'start call-1']);
    expect(call.state.secondLeg).toBe('over');
    call.handle({ type: 'stream-started' });
    expect(told).toEqual(['back: failed']);
  });

  it('tells once that it has a reason to end, before anything is said', () => {
    const { call, commands, told } = setUp({ ending: () => told.push(`ending after ${commands.asked.length}`) });
    call.handle({ type: 'stream-started' });
    for (const sentence of ['Sorry.', undefined]) call.handle({ type: 'end', reason: 'model-lost', sentence });
    expect(told).toEqual(['ending after 0']);
  });

  it.each(['cameBack', 'streamRequest', 'handedOver'] as const)(
    'ends with a sentence, and nothing else does, when %s goes wrong',
    async (name) => {
      const { call, commands, pass } = setUp({
        [name]: () => {
          throw new Error('a mistake');
        },
      });
      call.handle({ type: 'stream-started' });
      call.handle({ type: 'transfer', to: '+1', sentence: undefined });
      await pass(0);
      call.handle({ type: 'second-leg-over', transfer: 1, why: 'busy', talked: false });
      call.handle({ type: 'stream-started' });
      if (name === 'handedOver') {
        call.handle({ type: 'transfer', to: '+1', sentence: undefined });
        call.handle({ type: 'second-leg-answered', transfer: 2 });
        // They are talking: nothing of ours touches that.
        expect(call.state.phase).toBe('transferred');
        return;
      }
      await pass(60_000);
      expect(commands.asked.slice(-2)).toEqual(['speak call-1', 'hangup call-1']);
      expect(call.state.endReason).toBe('internal-error');
    },
  );

  it('is back with the assistant when a mistake of ours keeps it from being transferred', async () => {
    const { call, commands, told, pass } = setUp({
      expectSecondLeg: () => {
        throw new Error('a mistake');
      },
    });
    call.handle({ type: 'stream-started' });
    call.handle({ type: 'transfer', to: '+1', sentence: undefined });
    await pass(0);
    expect(commands.asked).toEqual(['start call-1']);
    call.handle({ type: 'stream-started' });
    expect(told).toEqual(['back: failed']);
  });
});
