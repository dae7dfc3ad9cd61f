import { NestFactory } from '@nestjs/core';
import { type AddressInfo } from 'node:net';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { Logger } from 'nestjs-pino';
import { Fleet } from './affinity/fleet.js';
import { ThisPod } from './affinity/this-pod.js';
import { AppModule } from './app.module.js';
import { CallsService } from './calls/calls.service.js';
import { Drain } from './calls/fleet/drain.js';
import { FleetDuties } from './calls/fleet/fleet-duties.js';
import { type Clock } from './common/clock.js';
import { CLOCK } from './common/clock.token.js';
import { within } from './common/within.js';
import { ConfigError } from './config/config-error.js';
import { loadDotEnv } from './config/env-file.js';
import { loadConfig, type LoadedConfig } from './config/load-config.js';
import { SecretFiles } from './config/secret-files.js';
import { Lifecycle } from './health/lifecycle.js';
import { ManagementServer } from './health/management-server.js';
import { addHealthRoutes } from './health/health-routes.js';
import { Counters } from './telemetry/counters.js';
import { addLogLevelRoutes } from './telemetry/logs/log-level-routes.js';
import { exportProblems } from './telemetry/sdk/export-problems.js';
import { type RunningTelemetry, runningTelemetry } from './telemetry/sdk/running-telemetry.js';
import { quietAboutSetUp } from './telemetry/quiet-set-up.js';
import { MediaStreamAdapter } from './media-stream/media-stream.adapter.js';
import { StreamUpgradePolicy } from './media-stream/stream-upgrade-policy.js';
import { outliveMistakes, stopOnSignals, type Stoppable } from './health/process-exit.js';

const LINGER_MS = 3_000;
/** A collector that does not answer must not hold up the end of a process. */
const LAST_EXPORT_MS = 5_000;

/** Reads the configuration, or says everything that is wrong with it and ends the process. */
function readConfig(): LoadedConfig {
  try {
    return loadConfig(loadDotEnv());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n\nEvery setting is described in docs/configuration.md and .env.sample.\n`);
    process.exit(1);
  }
}

async function lastExport(telemetry: RunningTelemetry | undefined, clock: Clock): Promise<void> {
  if (!telemetry) return;
  await within(clock, LAST_EXPORT_MS, telemetry.shutdown(), () => {
    throw new Error('the collector did not answer');
  });
}

async function start(): Promise<void> {
  const { config, warnings, secretFiles } = readConfig();
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(config), {
    bodyParser: false,
    bufferLogs: true,
  });
  const log = app.get(Logger);
  app.useLogger(quietAboutSetUp(log));
  for (const warning of warnings) log.warn(warning);
  // Webhooks are verified over their exact bytes; nothing else on the public port has a body.
  app.useBodyParser('raw', { type: () => true, limit: config.telnyx.webhookBodyLimitBytes });
  app.disable('x-powered-by');
  app.useWebSocketAdapter(new MediaStreamAdapter(app, app.get(StreamUpgradePolicy)));

  const secrets = new SecretFiles(secretFiles, {
    onChange: (name) => log.log(`${name} was read again`),
    onProblem: (name, problem) => log.error(`${name}: ${problem}`),
  });
  const telemetry = runningTelemetry();
  const counters = app.get(Counters);
  const tell = exportProblems(app.get<Clock>(CLOCK), (line, message) => log.warn(line, message, 'Telemetry'));
  telemetry?.onError((error) => {
    counters.exportFailures++;
    tell(error);
  });
  const lifecycle = app.get(Lifecycle);
  const management = app.get(ManagementServer);
  addHealthRoutes(management, app);
  addLogLevelRoutes(management, app);
  const stoppable: Stoppable = {
    lifecycle,
    calls: app.get(CallsService),
    log,
    drain: () => app.get(Drain).begin(),
    drainDeadlineMs: config.drain.deadlineMs,
    // Load balancers need a few seconds to hear that a pod is not ready; one without others has nobody to send them to.
    lingerMs: config.redis ? LINGER_MS : 0,
    othersTakeOver: () => app.get(Fleet).stayingElsewhere,
    close: async () => {
      secrets.close();
      await app.get(Fleet).leave();
      await app.close();
      await management.close();
      await lastExport(telemetry, app.get<Clock>(CLOCK)).catch((error: unknown) =>
        log.warn({ err: error }, 'the last spans or metrics could not be sent', 'Telemetry'),
      );
    },
  };
  stopOnSignals(stoppable);
  outliveMistakes(stoppable);

  const managementPort = await management.listen(config.http.managementPort, config.http.host);
  await app.listen(config.http.port, config.http.host);
  app.get(ThisPod).listening(managementPort);
  app.get(FleetDuties).begin();
  lifecycle.started = true;
  const { port } = app.getHttpServer().address() as AddressInfo;
  log.log(`Parley listens on port ${port} (webhooks, media streams) and ${managementPort} (management)`);
}

start().catch((error: unknown) => {
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  const message =
    code === 'EADDRINUSE'
      ? `Port ${port ?? ''} is in use: set PORT or MANAGEMENT_PORT to a free one, or stop what listens there.`
      : `Parley could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  process.stderr.write(`${message}\n`);
  process.exit(1);
});
