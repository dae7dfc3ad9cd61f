import { setTimeout } from 'node:timers/promises';
import { type SimulatedCall } from './simulated-call.js';
import { StubApp } from './stub-app.js';
import { type TelnyxSwitches } from './switches.js';
import { TelnyxDouble } from './telnyx-double.js';

const STREAM = { stream_bidirectional_mode: 'rtp', stream_bidirectional_target_legs: 'self' };
const LOSS_NEWS = ['streaming.failed', 'streaming.stopped'];

describe('a media socket that breaks at the side of the app', () => {
  let app: StubApp;
  let double: TelnyxDouble;

  afterEach(async () => {
    await double.close();
    await app.close();
  });

  async function begin(switches: Partial<TelnyxSwitches>): Promise<SimulatedCall> {
    app = await StubApp.start();
    double = await TelnyxDouble.start({
      webhookUrl: app.webhookUrl,
      switches: { webhookRetryDelaysMs: [], ...switches },
    });
    const call = double.placeCall();
    expect(await command(call, 'answer')).toBe(200);
    await call.waitFor('stream-started');
    return call;
  }

  /** @returns the HTTP status, or Telnyx's code of the error. */
  async function command(call: SimulatedCall, action: string, body: object = {}): Promise<number | string> {
    const response = await fetch(`${double.restUrl}/calls/${call.callControlId}/actions/${action}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${double.apiKey}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ stream_url: app.streamUrl, ...STREAM, ...body }),
    });
    const { errors } = (await response.json()) as { errors?: { code: string }[] };
    return errors?.[0]?.code ?? response.status;
  }

  const breakSocket = (): void => app.socket.socket.terminate();
  const lossNews = (): string[] =>
    double.webhooks.map((hook) => hook.event_type).filter((type) => LOSS_NEWS.includes(type));

  it.each(['streaming.failed', 'streaming.stopped'] as const)(
    'is told of by %s, as long after as is set',
    async (type) => {
      const call = await begin({ lossWebhook: type, lossWebhookDelayMs: 60 });
      breakSocket();
      const { atMs } = await call.waitFor('stream-lost');
      const told = await call.waitFor(type === 'streaming.failed' ? 'stream-failed' : 'stream-stopped');
      expect(told.atMs - atMs).toBeGreaterThanOrEqual(55);
      await double.waitForWebhook(type);
      expect(lossNews()).toEqual([type]);
      expect(await command(call, 'streaming_start')).toBe(200);
      await call.waitFor('stream-started', 5000, 2);
    },
  );

  it('may be told of by nothing, and be over', async () => {
    const call = await begin({});
    breakSocket();
    await call.waitFor('stream-lost');
    expect(await command(call, 'streaming_stop')).toBe('90048');
    expect(await command(call, 'streaming_start')).toBe(200);
    await call.waitFor('stream-started', 5000, 2);
    await double.settled();
    expect(lossNews()).toEqual([]);
  });

  it('may be told of by nothing, and stay in use until it is stopped', async () => {
    const call = await begin({ lostStream: 'in-use' });
    breakSocket();
    await call.waitFor('stream-lost');
    expect(await command(call, 'streaming_start')).toBe('90045');
    expect(await command(call, 'streaming_stop')).toBe(200);
    await call.waitFor('stream-stopped');
    expect(await command(call, 'streaming_start')).toBe(200);
    await call.waitFor('stream-started', 5000, 2);
  });

  it('keeps its stream in use while it is re-dialled', async () => {
    const call = await begin({ reconnect: 'redial', reconnectDelayMs: 30 });
    breakSocket();
    await call.waitFor('stream-lost');
    expect(await command(call, 'streaming_start')).toBe('90045');
    await call.waitFor('stream-started', 5000, 2);
    expect(new Set(call.sockets.map(({ streamId }) => streamId)).size).toBe(1);
  });

  it('has its life written down, and that of the one after it', async () => {
    const call = await begin({ reconnect: 'redial', reconnectDelayMs: 20, reconnectMaxAttempts: 5 });
    app.upgradeStatus = () => (call.sockets.length === 2 ? 503 : 101);
    breakSocket();
    await call.waitFor('stream-started', 5000, 2);
    call.hangUp();
    while (call.sockets.at(-1)?.closedAtMs === undefined) await setTimeout(5);
    expect(call.sockets).toMatchObject([
      { endedBy: 'app', closeCode: 1006 },
      { endedBy: 'refused', openedAtMs: undefined, startedAtMs: undefined },
      { endedBy: 'telnyx', closeCode: 1000 },
    ]);
    const [first, , third] = call.sockets;
    const times = [first, third].flatMap((socket) => [
      socket?.dialledAtMs,
      socket?.openedAtMs,
      socket?.startedAtMs,
      socket?.closedAtMs,
    ]);
    expect(times).toEqual([...times].sort((a, b) => Number(a) - Number(b)));
    expect(times.every((time) => typeof time === 'number')).toBe(true);
  });

  it('is asked for by two at once under one command_id, and comes once', async () => {
    const call = await begin({});
    breakSocket();
    await call.waitFor('stream-lost');
    const ask = () => command(call, 'streaming_start', { command_id: 'one-cause' });
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([200, 200, 200]);
    await call.waitFor('stream-started', 5000, 2);
    expect(await ask()).toBe(200);
    expect(call.sockets).toHaveLength(2);
    // Ids count for the call that they were sent for.
    const other = double.placeCall();
    expect(await command(other, 'answer', { command_id: 'one-cause' })).toBe(200);
    await other.waitFor('stream-started');
  });

  it('is asked for again under the same command_id once that is forgotten', async () => {
    const call = await begin({ commandDedupeMs: 0 });
    expect(await command(call, 'streaming_stop', { command_id: 'stop' })).toBe(200);
    await call.waitFor('stream-stopped');
    expect(await command(call, 'streaming_stop', { command_id: 'stop' })).toBe('90048');
  });
});
