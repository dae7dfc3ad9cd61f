import { type FailureClass } from '../conversation/failure-class.js';
import { allOf } from './metric-spec.js';
import { type Verdict } from '../../calls/admission.js';
import { type Refusal } from '../../calls/call-intake.js';

/** Why a call was not answered. */
export const REJECTIONS = allOf<Refusal>({
  'caller-too-often': true,
  full: true,
  'event-loop-late': true,
  'memory-low': true,
  'directory-away': true,
  'no-address': true,
});

/** Why a call went to OVERFLOW_NUMBER. */
export const OVERFLOWS = [
  'full',
  'event-loop-late',
  'memory-low',
  'directory-away',
] as const satisfies readonly Refusal[];
export type Overflow = (typeof OVERFLOWS)[number];

/** Whether a call that is turned away for this may go to OVERFLOW_NUMBER: the pod's own trouble, which another number has not. */
export function isOverflow(reason: Verdict): reason is Overflow {
  return (OVERFLOWS as readonly Verdict[]).includes(reason);
}

/** What was under way when the model failed. */
export const MODEL_WORK = ['connect', 'session', 'response', 'request'] as const;
export type ModelWork = (typeof MODEL_WORK)[number];

/** What kind of trouble with the model: see `failureClass`. */
export const FAILURE_CLASSES = allOf<FailureClass>({
  auth: true,
  quota: true,
  'rate-limit': true,
  configuration: true,
  expired: true,
  server: true,
  silent: true,
  network: true,
  internal: true,
  race: true,
  other: true,
});

/** Why Telnyx did not carry out a command. */
export const COMMAND_FAILURES = [
  /** The call was over: a race with the caller, and no trouble. */
  'call-over',
  'auth',
  'rate-limit',
  'refused',
  'server',
  'network',
] as const;
export type CommandFailure = (typeof COMMAND_FAILURES)[number];

/** @param status of HTTP; undefined where no answer came. @param gone Telnyx says that the call is over. */
export function commandFailure(status: number | undefined, gone: boolean): CommandFailure {
  if (gone) return 'call-over';
  if (status === undefined) return 'network';
  if (status === 401 || status === 403) return 'auth';
  if (status === 429) return 'rate-limit';
  return status >= 500 ? 'server' : 'refused';
}
