import { type Clock, type Timer } from '../common/clock.js';
import { type G711Law } from '../conversation/line.port.js';
import { type ModelFailure } from '../conversation/model.port.js';
import { type ServerSession } from './server-events.js';
import { audioFormat } from './session-config.js';

interface Pending {
  law: G711Law;
  /** The `session.update` that is to be confirmed; undefined for the first, which nothing else can be taken for. */
  updateId: string | undefined;
  timer: Timer;
  resolve(): void;
  reject(failure: ModelFailure): void;
}

/** What an error says about the request that it answers. */
export interface RefusedRequest {
  event_id?: string | null | undefined;
  param?: string | null | undefined;
}

/** Waits for the model to echo the audio formats that it was asked for; audio before that would be noise to it. */
export class FormatConfirmation {
  /** The first configuration has been confirmed. */
  configured = false;
  private pending: Pending | undefined;
  /** Resolves when the last confirmation has come, or never will. */
  settled: Promise<void> = Promise.resolve();

  /**
   * @param law the one the model has confirmed, or will be asked for first.
   * @param fail ends the session.
   */
  constructor(
    private readonly clock: Clock,
    private readonly timeoutMs: number,
    public law: G711Law,
    private readonly fail: (failure: ModelFailure) => void,
  ) {}

  /** Something is still to be confirmed. One change at a time: the echo does not say which update it answers. */
  get busy(): boolean {
    return this.pending !== undefined;
  }

  /** Resolves when the model has confirmed the law; rejects with a {@link ModelFailure}. */
  expect(law: G711Law, updateId: string | undefined): Promise<void> {
    const confirmed = new Promise<void>((resolve, reject) => {
      const timer = this.clock.after(this.timeoutMs, () => {
        this.fail({
          kind: 'retryable',
          code: 'timeout',
          message: 'OpenAI did not confirm the session in time (OPENAI_CONNECT_TIMEOUT_MS)',
        });
      });
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a failure is a value on this port
      this.pending = { law, updateId, timer, resolve, reject: (failure) => reject(failure) };
    });
    this.settled = confirmed.catch(() => undefined);
    return confirmed;
  }

  /** The model shows the session as it stands. */
  echoed({ audio }: ServerSession): void {
    const { pending } = this;
    if (!pending) return;
    const input = audio?.input?.format?.type;
    const output = audio?.output?.format?.type;
    if (input === audioFormat(pending.law).type && output === audioFormat('pcmu').type) {
      this.take()?.resolve();
      this.configured = true;
      this.law = pending.law;
      return;
    }
    this.fail({
      kind: 'fatal',
      code: 'formats-not-echoed',
      message: `OpenAI confirmed other audio formats than asked for (${input ?? 'none'} in, ${output ?? 'none'} out): the caller would hear noise`,
    });
  }

  /** Before the first configuration nothing else was sent; later, errors of other requests may come in between. */
  isRefusedBy({ event_id: eventId, param }: RefusedRequest): boolean {
    if (!this.pending) return false;
    if (!this.configured) return true;
    return eventId == null ? (param ?? '').startsWith('session') : eventId === this.pending.updateId;
  }

  /** The session is over: whoever waits is told why. */
  end(failure: ModelFailure): void {
    this.take()?.reject(failure);
  }

  private take(): Pending | undefined {
    const { pending } = this;
    pending?.timer.cancel();
    this.pending = undefined;
    return pending;
  }
}
