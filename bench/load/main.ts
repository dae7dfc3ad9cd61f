/**
 * The load generator's process. Started by the benchmark with a LoadPlan (JSON) as its only argument; talks over IPC:
 * "listening" out, "go" in, "result" or "failed" out.
 */
import { LoadGenerator } from './generator.js';
import { startRestServer } from './model-server.js';
import { type LoadGo, type LoadPlan, type LoadReport } from './plan.js';

async function main(): Promise<void> {
  const plan = JSON.parse(process.argv[2] ?? '') as LoadPlan;
  const generator = await LoadGenerator.start(plan);
  const rest = await startRestServer();
  const report = (message: LoadReport): void => void process.send?.(message);
  const go = new Promise<LoadGo>((resolve) => process.once('message', (message) => resolve(message as LoadGo)));
  report({ kind: 'listening', modelUrl: generator.modelUrl, restUrl: rest.url });
  try {
    report({ kind: 'result', result: await generator.run(await go) });
  } catch (error) {
    report({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
  }
  generator.close();
  rest.close();
  process.disconnect();
}

// Without its parent nobody reads the result.
process.once('disconnect', () => setTimeout(() => process.exit(), 1000).unref());
await main();
