import pino from 'pino';
import { FakeClock } from '../common/fake-clock.js';
import { type G711Law } from './line.port.js';
import { ModelConnector, type ModelFailure, type ModelSession, ModelUnavailable } from './model.port.js';
import { openSession } from './session-opener.js';
import { type OpeningCourse } from './timeline/session-openings.js';

const LOST: ModelFailure = { kind: 'retryable', code: 'timeout', message: 'no answer' };

/** Hands out sessions while the line turns to the other law; the first of them does not take it. */
class Connector extends ModelConnector {
  readonly asked: G711Law[] = [];

  constructor(private readonly turn: () => void) {
    super();
  }

  anticipate(): void {}

  acquire(law: G711Law): Promise<ModelSession> {
    this.asked.push(law);
    this.turn();
    const setInputLaw = (): Promise<void> =>
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a failure is a value on this port
      this.asked.length === 1 ? Promise.reject(LOST) : Promise.resolve();
    return Promise.resolve({ setInputLaw, close: () => undefined } as unknown as ModelSession);
  }
}

describe('opening a session', () => {
  it('is tried again when the line changed its law meanwhile and the session was lost over it', async () => {
    const clock = new FakeClock();
    let law: G711Law = 'pcmu';
    const model = new Connector(() => (law = 'pcma'));
    const course: OpeningCourse = { attempts: 0, failure: undefined };
    const opening = openSession({
      clock,
      log: pino({ enabled: false }),
      model,
      law: () => law,
      wanted: () => true,
      course,
    });
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(250);
    expect(await opening).toBeDefined();
    expect(model.asked).toEqual(['pcmu', 'pcma']);
    expect(course).toEqual({ attempts: 2, failure: LOST });
  });

  /** Attempts that take so long each, and fail. @returns when each was begun. */
  async function attempts(takesMs: number, failure: ModelFailure): Promise<number[]> {
    const clock = new FakeClock();
    const startedMs: number[] = [];
    const model = new (class extends ModelConnector {
      anticipate(): void {}
      async acquire(): Promise<ModelSession> {
        startedMs.push(clock.nowMs());
        if (takesMs > 0) await new Promise<void>((resolve) => clock.after(takesMs, resolve));
        throw new ModelUnavailable(failure);
      }
    })();
    let over = false;
    const log = pino({ enabled: false });
    const course: OpeningCourse = { attempts: 0, failure: undefined };
    const opening = openSession({ clock, log, model, law: () => 'pcmu', wanted: () => true, course }).then(
      (session) => {
        over = true;
        expect(session).toBeUndefined();
      },
    );
    for (let passedMs = 0; !over && passedMs < 120_000; passedMs += 50) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(50);
    }
    await opening;
    expect(course).toEqual({ attempts: startedMs.length, failure });
    return startedMs;
  }

  it('waits as long as the service asks for, and no longer than a caller bears', async () => {
    expect(await attempts(0, { ...LOST, retryAfterMs: 1_500 })).toEqual([0, 1_500, 3_000, 5_000]);
    expect(await attempts(0, { ...LOST, retryAfterMs: 60_000 })).toEqual([0, 5_000, 10_000, 15_000]);
  });

  it('is given up when the caller has waited for twenty seconds', async () => {
    expect(await attempts(10_000, LOST)).toEqual([0, 10_250]);
  });
});
