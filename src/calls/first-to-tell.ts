import { type CallDirectory } from '../affinity/call-directory.js';
import { CALL_KEPT_MS } from '../affinity/directory/kept-for.js';

/**
 * Whether this pod is the first to tell of the end of a call: one that changed hands as it ended, or after the caller was
 * handed over, is over for two pods. Nobody is asked where there can be no other pod. Never rejects: told twice is better
 * than not at all.
 */
export async function isFirstToTell(directory: CallDirectory, what: string, callControlId: string): Promise<boolean> {
  if (!directory.shared) return true;
  return directory.turn(`${what} ${callControlId}`, CALL_KEPT_MS).catch(() => true);
}
