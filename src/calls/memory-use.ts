import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

/**
 * How much of its memory the process uses, in percent: of the container's limit (cgroup) or the machine's memory by
 * resident size, or of what V8 may put on its heap, whichever is nearer to its end.
 */
export function memoryUsedPercent(): number {
  const { used_heap_size: heapBytes, heap_size_limit: heapLimitBytes } = getHeapStatistics();
  return Math.max(share(process.memoryUsage.rss(), memoryLimitBytes()), share(heapBytes, heapLimitBytes));
}

/** Without a limit, `constrainedMemory` says 0, or a number beyond any machine. */
function memoryLimitBytes(): number {
  const constrainedBytes = process.constrainedMemory();
  return constrainedBytes > 0 ? Math.min(constrainedBytes, totalmem()) : totalmem();
}

function share(part: number, whole: number): number {
  return whole > 0 ? (100 * part) / whole : 0;
}
