import { type ModelFailure, type ModelSession } from '../model.port.js';
import { type SessionCause } from '../observer.port.js';
import { type Watched } from './watched.js';

/** What an attempt to get a session has come to so far. */
export interface OpeningCourse {
  /** Connections that were tried. */
  attempts: number;
  /** Of the last attempt. */
  failure: ModelFailure | undefined;
}

/** An attempt to get a session, which is told of once, when it is over. */
export class SessionOpening implements OpeningCourse {
  attempts = 0;
  failure: ModelFailure | undefined;
  private endedAtMs: number | undefined;
  private told = false;

  /** @param now milliseconds since 1970. */
  constructor(
    private readonly cause: SessionCause,
    private readonly startedAtMs: number,
    private readonly now: () => number,
    private readonly observer: Watched,
  ) {}

  /** There is a session, which may be put to use only later. */
  ready(): void {
    this.endedAtMs = this.now();
  }

  /** The session is in use. @param itemsTold items of the conversation that it was told. */
  inUse(session: ModelSession, itemsTold: number): void {
    this.failure = undefined;
    this.tell(session, itemsTold);
  }

  /** No session was to be had, or nobody wants one any more. */
  over(): void {
    this.tell(undefined, 0);
  }

  private tell(session: ModelSession | undefined, itemsTold: number): void {
    if (this.told) return;
    this.told = true;
    const { cause, startedAtMs, attempts, failure } = this;
    const endedAtMs = this.endedAtMs ?? this.now();
    const got = { sessionId: session?.id, dial: session?.dial };
    this.observer.sessionOpened({ cause, startedAtMs, endedAtMs, ...got, attempts, failure, itemsTold });
  }
}
