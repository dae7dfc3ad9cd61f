import { jest } from '@jest/globals';
import { Lifecycle } from './lifecycle.js';
import { outliveMistakes, type Stoppable, stopOnSignals } from './process-exit.js';

interface App {
  others: boolean;
  lifecycle: Lifecycle;
  calls: { heldCalls: number; endAll(reason: string, sentence: boolean): void };
  ended: boolean[];
  closed: number;
}

describe('the end of the process', () => {
  let exits: number[];
  let exited: Promise<void>;
  const events = ['SIGTERM', 'SIGINT', 'uncaughtException', 'unhandledRejection'] as const;
  type Listener = (...given: unknown[]) => void;
  const listeners = (event: string): Listener[] => process.listeners(event as 'SIGTERM') as Listener[];
  const before = new Map(events.map((event) => [event, listeners(event)]));
  /** Those that the code under test has added. */
  const added = (event: (typeof events)[number]): Listener[] =>
    listeners(event).filter((listener) => !before.get(event)?.includes(listener));

  beforeEach(() => {
    exits = [];
    exited = new Promise((resolve) => {
      jest.spyOn(process, 'exit').mockImplementation((code) => {
        exits.push(Number(code ?? 0));
        resolve();
        return undefined as never;
      });
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    for (const event of events) for (const listener of added(event)) process.off(event, listener);
  });

  function running(heldCalls: number, close: () => Promise<void> = () => Promise.resolve(), lingerMs = 0): App {
    const app: App = {
      others: false,
      lifecycle: new Lifecycle(),
      ended: [],
      closed: 0,
      calls: { heldCalls, endAll: (_reason, sentence) => app.ended.push(sentence) },
    };
    app.lifecycle.started = true;
    const stoppable: Stoppable = {
      lifecycle: app.lifecycle,
      calls: app.calls,
      log: { log: () => undefined, warn: () => undefined, error: () => undefined },
      drain: () => void (app.lifecycle.draining = true),
      drainDeadlineMs: 3_600_000,
      lingerMs,
      othersTakeOver: () => app.others,
      close: () => {
        app.closed++;
        return close();
      },
    };
    stopOnSignals(stoppable);
    outliveMistakes(stoppable);
    return app;
  }

  it('leaves at once with SIGTERM when there are no calls', async () => {
    const app = running(0);
    process.emit('SIGTERM', 'SIGTERM');
    expect(app.lifecycle.ready).toBe(false);
    await exited;
    expect(exits).toEqual([0]);
    expect(app.closed).toBe(1);
  });

  it('stays for a moment with SIGTERM where requests are still on their way to it', async () => {
    const app = running(0, undefined, 600);
    process.emit('SIGTERM', 'SIGTERM');
    expect(app.lifecycle.ready).toBe(false);
    const begunMs = performance.now();
    await exited;
    expect(performance.now() - begunMs).toBeGreaterThanOrEqual(550);
    expect(exits).toEqual([0]);
  });

  it('waits with SIGTERM for the calls to end by themselves', async () => {
    const app = running(2);
    process.emit('SIGTERM', 'SIGTERM');
    expect(app.ended).toEqual([]);
    expect(app.closed).toBe(0);
    app.calls.heldCalls = 0;
    await exited;
    expect(exits).toEqual([0]);
    expect(app.ended).toEqual([]);
  });

  it('ends the calls with a sentence on SIGINT, and leaves when they are over', async () => {
    const app = running(2);
    process.emit('SIGINT', 'SIGINT');
    expect(app.ended).toEqual([true]);
    expect(exits).toEqual([]);
    app.calls.heldCalls = 0;
    await exited;
    expect(exits).toEqual([0]);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends what is left at once on a second signal, here %s', async (second) => {
    const app = running(1);
    process.emit('SIGTERM', 'SIGTERM');
    process.emit(second, second);
    expect(app.ended).toEqual([false]);
    await exited;
    expect(exits).toEqual([1]);
    // A process that did not really exit here goes on waiting for its call.
    app.calls.heldCalls = 0;
    while (exits.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('leaves what is left to the other pods on a second signal, where there are any', async () => {
    const app = running(1);
    app.others = true;
    process.emit('SIGTERM', 'SIGTERM');
    process.emit('SIGTERM', 'SIGTERM');
    expect(app.ended).toEqual([]);
    expect(exits).toEqual([1]);
    app.calls.heldCalls = 0;
    while (exits.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('leaves with an error when the shutdown fails', async () => {
    running(0, () => Promise.reject(new Error('still open')));
    process.emit('SIGTERM', 'SIGTERM');
    await exited;
    expect(exits).toEqual([1]);
  });

  it('outlives a mistake: it takes no new calls, lets those it has go on, and leaves to be started anew', async () => {
    const app = running(3);
    for (const listener of added('unhandledRejection')) listener(new Error('nobody waited for this'));
    expect(app.lifecycle.ready).toBe(true);
    for (const listener of added('uncaughtException')) listener(new Error('a mistake'));
    for (const listener of added('uncaughtException')) listener(new Error('the same again'));
    expect(app.lifecycle.ready).toBe(false);
    expect(app.ended).toEqual([]);
    expect(exits).toEqual([]);
    app.calls.heldCalls = 0;
    await exited;
    expect(exits).toEqual([1]);
    expect(app.closed).toBe(1);
  });
});
