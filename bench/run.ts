import { fileURLToPath } from 'node:url';
import { Child, type Cores } from './child.js';
import { type LoadGo, type LoadListening, type LoadPlan, type LoadReport, type LoadResult } from './load/plan.js';
import { type RelayName, startRelay } from './relays.js';

/** Beyond these the generator was too late for its figures to mean anything. */
export const LAG_LIMITS = { p99Ms: 10, maxMs: 100 };
/** Share of the window that the relay may wait for its core; more, and others on the machine have made its latency. */
export const WAIT_LIMIT = 0.05;

/** One relay, loaded once. */
export interface RunRecord extends LoadPlan {
  relay: RelayName;
  readyMs?: number;
  result?: LoadResult;
  /** Why the run does not count. */
  invalid?: string;
}

export interface RunSettings {
  cores: Cores | undefined;
  gatewayEnv: Record<string, string>;
  withoutTelemetry?: boolean;
  /** Another relay runs on the same core at the same time, on purpose: waiting for the core is no fault. */
  sharesCore?: boolean;
}

const loadScript = fileURLToPath(new URL('load/main.js', import.meta.url));

/** The generator's next message; rejects when its process ends instead. */
function nextReport(load: Child): Promise<LoadReport> {
  return new Promise((resolve, reject) => {
    load.process.once('message', (message) => resolve(message as LoadReport));
    void load.exited.then(() => reject(new Error(`the load generator ended:\n${load.lastOutput}`)));
  });
}

/** Starts a relay and a generator afresh, measures once, stops both. What goes wrong is in the record. */
export async function runOnce(relay: RelayName, plan: LoadPlan, settings: RunSettings): Promise<RunRecord> {
  const record: RunRecord = { relay, ...plan };
  const core = settings.cores;
  const load = Child.start([loadScript, JSON.stringify(plan)], {
    ipc: true,
    ...(core !== undefined && { core: core.generator }),
  });
  let running;
  try {
    const { modelUrl, restUrl } = (await nextReport(load)) as LoadListening;
    const { gatewayEnv, withoutTelemetry } = settings;
    running = await startRelay(relay, { modelUrl, restUrl, core: core?.relay, gatewayEnv, withoutTelemetry });
    record.readyMs = running.readyMs;
    const go: LoadGo = {
      kind: 'go',
      mediaPort: running.mediaPort,
      mediaPath: running.mediaPath,
      relayPid: running.child.pid,
    };
    const reporting = nextReport(load);
    load.process.send(go);
    const report = await reporting;
    if (report.kind === 'result') record.result = report.result;
    if (report.kind === 'failed') throw new Error(`${report.reason}\n${running.child.lastOutput}`);
    const invalid = record.result && invalidity(record.result, settings.sharesCore);
    if (invalid !== undefined) record.invalid = invalid;
  } catch (error) {
    record.invalid = error instanceof Error ? error.message : String(error);
  } finally {
    await running?.child.stop();
    await load.stop();
  }
  return record;
}

function invalidity({ lag, framesIn, waitMs, windowMs }: LoadResult, sharesCore = false): string | undefined {
  if (framesIn === 0) return 'no frame came through';
  if (lag.p99 > LAG_LIMITS.p99Ms || lag.max > LAG_LIMITS.maxMs)
    return `the generator was late: p99 ${lag.p99.toFixed(1)} ms, at most ${lag.max.toFixed(0)} ms`;
  if (!sharesCore && waitMs > WAIT_LIMIT * windowMs)
    return `the relay waited for its core ${((100 * waitMs) / windowMs).toFixed(0)} % of the time: the machine is busy`;
  return undefined;
}
