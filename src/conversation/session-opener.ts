import { type Logger } from 'pino';
import { type Clock } from '../common/clock.js';
import { type G711Law } from './line.port.js';
import { type ModelConnector, type ModelFailure, type ModelSession, ModelUnavailable } from './model.port.js';

/** Waits before the attempts to connect: at once, then after what a restart or a rate limit takes. */
const WAITS_MS = [0, 250, 1_000, 2_000];

/** What opening a session needs from the conversation. */
export interface OpenerSurroundings {
  clock: Clock;
  log: Logger;
  model: ModelConnector;
  /** The law of the line, which may change while a session is being opened. */
  law(): G711Law;
  /** Whether a session is still wanted. */
  wanted(): boolean;
}

/** Opens a session, trying again as long as that may help. @returns undefined when there is none to be had, or wanted. */
export async function openSession(around: OpenerSurroundings): Promise<ModelSession | undefined> {
  for (const waitMs of WAITS_MS) {
    if (waitMs > 0) await new Promise<void>((resolve) => around.clock.after(waitMs, resolve));
    if (!around.wanted()) return undefined;
    try {
      const law = around.law();
      const session = await around.model.acquire(law);
      if (around.law() !== law) await session.setInputLaw(around.law());
      if (around.wanted()) return session;
      session.close();
      return undefined;
    } catch (error) {
      const failure = failureOf(error);
      around.log.error({ code: failure.code, reason: failure.message }, 'no session with the model');
      if (failure.kind === 'fatal') return undefined;
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
