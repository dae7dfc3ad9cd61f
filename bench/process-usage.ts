import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts process time in hundredths of a second, whatever the kernel's own clock. */
const MS_PER_TICK = 10;

/** CPU time (user and system, all threads) from the text of /proc/PID/stat, in ms. */
export function cpuMsFromStat(stat: string): number {
  // The name, in brackets, may hold spaces and brackets; the fields after it do not. They start with field 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[14 - 3]) + Number(fields[15 - 3])) * MS_PER_TICK;
}

/** Resident memory from the text of /proc/PID/status, in KiB. */
export function rssKibFromStatus(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? NaN);
}

/** What the process has used until now. Throws when there is no such process (or no /proc: Linux only). */
export function cpuMs(pid: number): number {
  return cpuMsFromStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}

export function rssKib(pid: number): number {
  return rssKibFromStatus(readFileSync(`/proc/${pid}/status`, 'latin1'));
}

/** How long the process's main thread was ready to run but had no core, from the text of /proc/PID/schedstat, in ms. */
export function waitMsFromSchedstat(schedstat: string): number {
  return Number(schedstat.split(' ')[1] ?? NaN) / 1e6;
}

/**
 * How long others than the process itself kept its main thread from its core. What its own helper threads used (garbage
 * collection, compilation, on the same core) is its own cost, and in `cpuMs`. NaN where the kernel does not count it.
 */
export function waitMs(pid: number): number {
  try {
    const runMs = (thread: string): number => Number(readFileSync(thread, 'latin1').split(' ')[0]) / 1e6;
    const tasks = readdirSync(`/proc/${pid}/task`).filter((task) => task !== String(pid));
    const ownMs = tasks.reduce((sum, task) => sum + runMs(`/proc/${pid}/task/${task}/schedstat`), 0);
    return waitMsFromSchedstat(readFileSync(`/proc/${pid}/schedstat`, 'latin1')) - ownMs;
  } catch {
    return NaN;
  }
}
