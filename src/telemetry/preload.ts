import { loadDotEnv } from '../config/env-file.js';
import { telemetryStarted } from './sdk/running-telemetry.js';
import { startTelemetry } from './sdk/start-telemetry.js';

/**
 * `node --import ./dist/src/telemetry/preload.js dist/src/main.js`: OpenTelemetry is there before anything is measured. No
 * loader hook: the spans are made by hand, so nothing has to be patched, and the start takes no longer for it.
 */
try {
  const telemetry = await startTelemetry(loadDotEnv(), process.env);
  if (telemetry) telemetryStarted(telemetry);
} catch (error) {
  // Calls matter more than figures about them. The application says what is wrong with its own settings.
  process.stderr.write(`No traces and no metrics: ${error instanceof Error ? error.message : String(error)}\n`);
}
