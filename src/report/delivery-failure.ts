import { type PostAnswer } from './post.js';

/** 4xx that may be different next time: too slow, in conflict with itself, too early, too many. */
const PASSING = new Set([408, 409, 425, 429]);
const WITH_RETRY_AFTER = new Set([429, 503]);

/** An attempt that did not bring the report to its receiver. */
export class DeliveryFailure extends Error {
  constructor(
    /** `status 500`, or the code of the socket's error. Holds nothing of the report or the answer. */
    readonly problem: string,
    /** The same would happen again. */
    readonly final: boolean,
    /** What the receiver asked for. */
    readonly retryAfterMs: number | undefined,
  ) {
    super(problem);
    this.name = 'DeliveryFailure';
  }
}

/** @returns why the answer is none that says "received", or undefined where it is. */
export function failureOf({ status, retryAfter }: PostAnswer, nowMs = Date.now()): DeliveryFailure | undefined {
  if (status >= 200 && status <= 299) return undefined;
  const final = status >= 400 && status <= 499 && !PASSING.has(status);
  const asked = WITH_RETRY_AFTER.has(status) ? readRetryAfter(retryAfter, nowMs) : undefined;
  return new DeliveryFailure(`status ${status}`, final, asked);
}

/** What the socket or TLS threw. */
export function connectionFailure(error: unknown): DeliveryFailure {
  const { code, name } = error as NodeJS.ErrnoException;
  return new DeliveryFailure(code ?? name, false, undefined);
}

/** Seconds, or a date; undefined for anything else. */
function readRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const untilMs = text.endsWith(' GMT') ? Date.parse(text) : NaN;
  return Number.isNaN(untilMs) ? undefined : Math.max(0, untilMs - nowMs);
}
