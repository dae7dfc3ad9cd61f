import { CONVERSATION_ENDS } from '../conversation/call.port.js';

/** Why a call ended, for logs, spans and metrics. */
export const END_REASONS = [
  ...CONVERSATION_ENDS,
  'caller-hung-up',
  'remote-hung-up',
  /** The caller talked to somebody else until the end. */
  'transferred',
  'answer-failed',
  'no-media-stream',
  'media-stream-lost',
  'codec-unsupported',
  'media-frames-broken',
  'media-overflow',
  'pod-overloaded',
  'shutdown',
] as const;
export type EndReason = (typeof END_REASONS)[number];

/**
 * Failures of ours or of the services behind us, in calls that were answered: the caller still wants something, so the
 * call goes to FALLBACK_NUMBER where there is one. Limits are no failures (the caller was told why), and a process that
 * is shut down could not follow the transfer to its end.
 */
const FAILURES: ReadonlySet<EndReason> = new Set<EndReason>([
  'model-unavailable',
  'model-lost',
  'no-media-stream',
  'media-stream-lost',
  'codec-unsupported',
  'media-frames-broken',
  'media-overflow',
  'pod-overloaded',
  'internal-error',
]);

/** Whether a caller whose call ends for this reason is handed to FALLBACK_NUMBER. */
export function isFailure(reason: EndReason): boolean {
  return FAILURES.has(reason);
}
