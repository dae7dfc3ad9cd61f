import { readFileSync } from 'node:fs';

/** Bit of signal 15 in the masks of /proc/self/status. */
const SIGTERM_BIT = 1n << 14n;

/**
 * Whether SIGTERM came before anybody listened, and was lost. Until then Node.js has a handler of its own, which puts the
 * default back and raises the signal again: that ends any process but the first one of a container, for which the kernel
 * ignores it. The kubelet says it once, so the pod would stay for its whole grace period.
 * To be asked before listening to the signal.
 * @param status what /proc/self/status says; undefined: there is none.
 */
export function termWasLost(pid = process.pid, status = readStatus()): boolean {
  if (pid !== 1 || status === undefined) return false;
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return caught !== undefined && (BigInt(`0x${caught}`) & SIGTERM_BIT) === 0n;
}

function readStatus(): string | undefined {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return undefined;
  }
}
