import pino from 'pino';
import { FakeClock } from '../common/fake-clock.js';
import { Call } from './call.js';
import { CallCommands, type CommandOutcome, type StreamRequest } from './call-commands.js';

const OK: CommandOutcome = { ok: true };
const GONE: CommandOutcome = { ok: false, gone: true, code: '90018', status: 422 };
const BROKEN: CommandOutcome = { ok: false, gone: false, code: '10007', status: 500 };

/** Call Control that notes what it is asked, and answers as told: each list in order, then OK. */
class ScriptedCommands extends CallCommands {
  readonly asked: string[] = [];
  readonly outcomes: Record<string, CommandOutcome[]> = {};

  answer(): Promise<CommandOutcome> {
    return this.reply('answer');
  }
  rejectAsBusy(): Promise<CommandOutcome> {
    return this.reply('reject');
  }
  hangUp(): Promise<CommandOutcome> {
    return this.reply('hangup');
  }
  startStream(_call: string, stream: StreamRequest, attempt: number): Promise<CommandOutcome> {
    return this.reply('start', `${attempt} ${stream.url}`);
  }
  stopStream(): Promise<CommandOutcome> {
    return this.reply('stop');
  }
  speak(_call: string, sentence: string): Promise<CommandOutcome> {
    return this.reply('speak', sentence);
  }

  private reply(command: string, detail = ''): Promise<CommandOutcome> {
    this.asked.push(`${command} ${detail}`.trim());
    return Promise.resolve(this.outcomes[command]?.shift() ?? OK);
  }
}

function setUp() {
  const clock = new FakeClock();
  const commands = new ScriptedCommands();
  const released: Call[] = [];
  const call = new Call('call-1', {
    clock,
    commands,
    log: pino({ enabled: false }),
    limits: { maxRestarts: 3 },
    waitsMs: { 'first-stream': 8_000, redial: 2_000, 'restarted-stream': 5_000, sentence: 10_000, hangup: 20_000 },
    sentence: 'Sorry.',
    streamRequest: (attempt) => ({ url: `wss://gw/${attempt}`, clientState: '' }),
    released: (over) => released.push(over),
  });
  /** Lets time pass, and every promise on the way come to its end. */
  const pass = async (ms: number): Promise<void> => {
    await settle();
    for (let passedMs = 0; passedMs < ms; passedMs += 500) {
      clock.advance(Math.min(500, ms - passedMs));
      await settle();
    }
  };
  return { call, clock, commands, released, pass };
}

/** Lets everything that only waits for resolved promises run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('Call', () => {
  it('is hung up again when Telnyx fails, until it is taken', async () => {
    const { call, commands, released, pass } = setUp();
    commands.outcomes.hangup = [BROKEN, BROKEN];
    call.handle({ type: 'end', reason: 'assistant-hung-up', sentence: false });
    await pass(10_000);
    expect(commands.asked).toEqual(['hangup', 'hangup', 'hangup']);
    expect(call.state.phase).toBe('ending');
    call.handle({ type: 'hangup', byCaller: false });
    expect(call.state).toMatchObject({ phase: 'ended', endReason: 'assistant-hung-up' });
    expect(released).toEqual([call]);
  });

  it('is hung up again for minutes while Telnyx does not take it, and let go of in the end', async () => {
    const { call, commands, released, pass } = setUp();
    commands.outcomes.hangup = Array.from({ length: 30 }, () => BROKEN);
    call.handle({ type: 'end', reason: 'assistant-hung-up', sentence: false });
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
    call.handle({ type: 'end', reason: 'assistant-hung-up', sentence: false });
    await pass(500);
    call.handle({ type: 'hangup', byCaller: true });
    await pass(10_000);
    expect(commands.asked).toEqual(['hangup']);
  });

  it('ends normally when the hang-up finds it over already (90018)', async () => {
    const { call, commands, released, pass } = setUp();
    commands.outcomes.hangup = [GONE];
    call.handle({ type: 'end', reason: 'shutdown', sentence: false });
    await pass(0);
    expect(call.state).toMatchObject({ phase: 'ended', endReason: 'shutdown' });
    expect(released).toEqual([call]);
  });

  it('is released once, when the webhook and 90018 both say that it is over', async () => {
    const { call, commands, released, pass } = setUp();
    commands.outcomes.hangup = [GONE];
    call.handle({ type: 'end', reason: 'shutdown', sentence: false });
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
    expect(commands.asked).toEqual(['start 1 wss://gw/1']);
    await pass(5_000);
    expect(commands.asked).toEqual(['start 1 wss://gw/1', 'start 2 wss://gw/2']);
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
    expect(commands.asked).toEqual(['start 1 wss://gw/1']);
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
    expect(commands.asked).toEqual(['start 1 wss://gw/1', 'start 2 wss://gw/2']);
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
    expect(commands.asked).toEqual(['start 1 wss://gw/1']);
  });

  it('says its sentence and hangs up when that is over, or when its end is never reported', async () => {
    for (const reported of [true, false]) {
      const { call, commands, pass } = setUp();
      call.handle({ type: 'answer-accepted' });
      call.handle({ type: 'stream-started' });
      call.handle({ type: 'end', reason: 'model-lost', sentence: true });
      await pass(9_500);
      expect(commands.asked).toEqual(['speak Sorry.']);
      if (reported) call.handle({ type: 'sentence-over' });
      await pass(500);
      expect(commands.asked).toEqual(['speak Sorry.', 'hangup']);
    }
  });

  it('hangs up at once when Telnyx cannot speak', async () => {
    const { call, commands, pass } = setUp();
    commands.outcomes.speak = [BROKEN];
    call.handle({ type: 'answer-accepted' });
    call.handle({ type: 'end', reason: 'model-unavailable', sentence: true });
    await pass(0);
    expect(commands.asked).toEqual(['speak Sorry.', 'hangup']);
  });

  it('counts as active until it is on its way out', () => {
    const { call } = setUp();
    expect(call.active).toBe(true);
    call.handle({ type: 'stream-started' });
    call.handle({ type: 'end', reason: 'shutdown', sentence: true });
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
});
