import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { type Cores } from './child.js';

/** Where the figures come from: they mean little without it. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGib: number;
  kernel: string;
  node: string;
  /** Load average of the minute before the start: others on the machine. */
  loadBefore: number;
  pinned: Cores | undefined;
}

export function describeMachine(cores: Cores | undefined): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    loadBefore: loadavg()[0] ?? NaN,
    pinned: cores,
  };
}

export function machineText(machine: Machine): string {
  const pinned = machine.pinned
    ? `relay on core ${machine.pinned.relay}, generator on core ${machine.pinned.generator}`
    : 'not pinned to cores (taskset or a second core is missing): expect more spread';
  return (
    `${machine.cores} × ${machine.cpu}, ${machine.memoryGib} GiB, Linux ${machine.kernel}, Node ${machine.node}, ` +
    `load ${machine.loadBefore.toFixed(2)} before; ${pinned}`
  );
}
