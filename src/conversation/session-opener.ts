import { type Logger } from 'pino';
import { type Clock, pause } from '../common/clock.js';
import { type G711Law } from './line.port.js';
import { type ModelConnector, type ModelFailure, type ModelSession, ModelUnavailable } from './model.port.js';
import { type OpeningCourse } from './timeline/session-openings.js';

/** Waits before the attempts to connect: at once, then after what a restart or a rate limit takes. */
const WAITS_MS = [0, 250, 1_000, 2_000];
/** A service that says when to come back is believed up to here. */
const LONGEST_WAIT_MS = 5_000;
/** A caller who has waited this long for an assistant is not kept waiting by another attempt. */
const GIVE_UP_AFTER_MS = 20_000;

/** What opening a session needs from the conversation. */
export interface OpenerSurroundings {
  clock: Clock;
  log: Logger;
  model: ModelConnector;
  /** The law of the line, which may change while a session is being opened. */
  law(): G711Law;
  /** Whether a session is still wanted. */
  wanted(): boolean;
  /** Where the course of it is noted. */
  course: OpeningCourse;
}

/** Opens a session, trying again as long as that may help. @returns undefined when there is none to be had, or wanted. */
export async function openSession(around: OpenerSurroundings): Promise<ModelSession | undefined> {
  const { clock, log } = around;
  const begunMs = clock.nowMs();
  let askedToWaitMs = 0;
  for (const [attempt, leastMs] of WAITS_MS.entries()) {
    const waitMs = Math.max(leastMs, Math.min(askedToWaitMs, LONGEST_WAIT_MS));
    if (waitMs > 0) await pause(clock, waitMs);
    if (!around.wanted()) return undefined;
    around.course.attempts++;
    try {
      const law = around.law();
      const session = await around.model.acquire(law);
      if (around.law() !== law) await session.setInputLaw(around.law());
      if (around.wanted()) return session;
      session.close();
      return undefined;
    } catch (error) {
      const failure = failureOf(error);
      around.course.failure = failure;
      const tired = attempt === WAITS_MS.length - 1 || clock.nowMs() - begunMs > GIVE_UP_AFTER_MS;
      const over = failure.kind === 'fatal' || tired;
      const line = { code: failure.code, reason: failure.message, attempt: attempt + 1, retry: !over };
      log[over ? 'error' : 'warn'](line, 'no session with the model');
      if (over) return undefined;
      askedToWaitMs = failure.retryAfterMs ?? 0;
    }
  }
  return undefined;
}

/** A change of law is refused with the failure itself. */
function isFailure(error: unknown): error is ModelFailure {
  return typeof error === 'object' && error !== null && 'kind' in error && 'code' in error;
}

function failureOf(error: unknown): ModelFailure {
  if (error instanceof ModelUnavailable) return error.failure;
  if (isFailure(error)) return error;
  return { kind: 'fatal', code: 'internal-error', message: error instanceof Error ? error.message : 'unknown' };
}
