import pino from 'pino';
import { FakeClock } from '../common/fake-clock.js';
import { type G711Law } from './line.port.js';
import { ModelConnector, type ModelFailure, type ModelSession } from './model.port.js';
import { openSession } from './session-opener.js';

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
    const opening = openSession({
      clock,
      log: pino({ enabled: false }),
      model,
      law: () => law,
      wanted: () => true,
    });
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(250);
    expect(await opening).toBeDefined();
    expect(model.asked).toEqual(['pcmu', 'pcma']);
  });
});
