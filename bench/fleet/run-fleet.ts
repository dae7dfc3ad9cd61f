import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { exitCodeOf, untilStopped } from '../../simulator/cli/stop-signals.js';
import { NoRedisServer } from '../../simulator/cluster/redis-server.js';
import { GatewayFailed } from '../../simulator/demo/gateway-process.js';
import { describeMachine } from '../machine.js';
import { gatewayIsBuilt } from '../relays.js';
import { measureGaps } from './gaps.js';
import { readFleetOptions } from './options.js';
import { measureRedisCost } from './redis-cost.js';
import { measureRelayHop } from './relay-hop.js';
import { gapsTable, redisCostText, relayHopText } from './table.js';

/** `npm run bench -- fleet`. @returns the exit code: 1 where a call was lost */
export async function runFleet(args: readonly string[]): Promise<number> {
  const options = readFleetOptions(args);
  if (process.platform !== 'linux') {
    console.error('The benchmark reads the CPU time of its processes from /proc, so it runs on Linux only.');
    return 2;
  }
  if (!gatewayIsBuilt()) {
    console.error('dist/src/main.js is missing: run "npm run build" first.');
    return 2;
  }
  const machine = describeMachine(undefined);
  const { cores, cpu, memoryGib, node, loadBefore } = machine;
  console.log(
    `${cores} × ${cpu}, ${memoryGib} GiB, Node ${node}, load ${loadBefore.toFixed(2)} before; nothing is pinned to a core`,
  );
  return untilStopped(async (stopped) => {
    try {
      console.log('\nKills and hand-overs');
      const gaps = await measureGaps(options, stopped, indented);
      if (!stopped.aborted) console.log('\nWith Redis and without');
      const redisCost = stopped.aborted ? undefined : await measureRedisCost(options, stopped, indented);
      if (!stopped.aborted) console.log('\nDirect and relayed');
      const relayHop = stopped.aborted ? undefined : await measureRelayHop(options, stopped, indented);
      if (stopped.aborted || !redisCost || !relayHop) return exitCodeOf(stopped.reason as NodeJS.Signals);
      console.log(`\n${gapsTable(gaps)}\n\n${redisCostText(redisCost)}\n\n${relayHopText(relayHop)}`);
      const time = new Date().toISOString().replaceAll(':', '-');
      const file = options.json ?? join('bench-results', `fleet-${time}.json`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${JSON.stringify({ machine, options, gaps, redisCost, relayHop }, undefined, 2)}\n`);
      console.log(`\nAll figures: ${file}`);
      return gaps.some(({ lost }) => lost > 0) ? 1 : 0;
    } catch (error) {
      if (stopped.aborted) return exitCodeOf(stopped.reason as NodeJS.Signals);
      if (!(error instanceof NoRedisServer || error instanceof GatewayFailed)) throw error;
      console.error(error.message);
      return 2;
    }
  });
}

function indented(text: string): void {
  console.log(`    ${text}`);
}
