import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Child } from './child.js';
import { certificatePath } from './tls/certificate.js';

/** The two that are compared. */
export type RelayName = 'bare' | 'parley';

/** Where a relay takes its calls. */
export interface RunningRelay {
  child: Child;
  mediaPort: number;
  mediaPath: string;
  /** From the start of the process until it said that it is ready. */
  readyMs: number;
}

export interface RelayOptions {
  modelUrl: string;
  restUrl: string;
  core: number | undefined;
  /** For the gateway only: settings to try. */
  gatewayEnv: Record<string, string>;
  /** Started without OpenTelemetry altogether. */
  withoutTelemetry?: boolean | undefined;
}

const READY_TIMEOUT_MS = 20_000;
const distFolder = fileURLToPath(new URL('..', import.meta.url));
const gatewayPath = join(distFolder, 'src', 'main.js');
const preloadPath = join(distFolder, 'src', 'telemetry', 'preload.js');

/** Whether there is a built gateway to measure. */
export function gatewayIsBuilt(): boolean {
  return existsSync(gatewayPath);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    get(url, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', () => resolve(undefined));
  });
}

async function whenReady(child: Child, ready: () => Promise<boolean> | boolean): Promise<number> {
  const startedAtMs = performance.now();
  while (!(await ready())) {
    if (!child.running || performance.now() - startedAtMs > READY_TIMEOUT_MS) {
      await child.stop();
      throw new Error(`the relay did not become ready:\n${child.lastOutput}`);
    }
    await delay(5);
  }
  return performance.now() - startedAtMs;
}

async function startBare(options: RelayOptions, env: Record<string, string>): Promise<RunningRelay> {
  const mediaPort = await freePort();
  const script = join(distFolder, 'bench', 'bare-relay-main.js');
  const child = Child.start([script, String(mediaPort), options.modelUrl], {
    env,
    ...(options.core !== undefined && { core: options.core }),
  });
  const readyMs = await whenReady(child, () => child.lastOutput.includes('listening'));
  return { child, mediaPort, mediaPath: '/media-stream', readyMs };
}

async function startGateway(options: RelayOptions, env: Record<string, string>): Promise<RunningRelay> {
  const mediaPort = await freePort();
  const managementPort = await freePort();
  const child = Child.start([...(options.withoutTelemetry ? [] : ['--import', preloadPath]), gatewayPath], {
    env: {
      ...env,
      PORT: String(mediaPort),
      MANAGEMENT_PORT: String(managementPort),
      OPENAI_API_KEY: 'sk-bench',
      TELNYX_API_KEY: 'KEY-bench',
      OPENAI_REALTIME_URL: options.modelUrl,
      TELNYX_BASE_URL: options.restUrl,
      STREAM_AUTH: 'off',
      WEBHOOK_SIGNATURE: 'off',
      GREETING: 'off',
      WARM_SESSIONS: '0',
      MAX_CALLS: '1000',
      // All calls come from one number, and nobody answers the assistant: no limit is to end them.
      CALLER_CALLS_PER_MINUTE: '0',
      IDLE_PROMPT_AFTER_S: '0',
      IDLE_HANG_UP_AFTER_S: '0',
      MAX_SILENCE_S: '0',
      MAX_MONOLOGUE_S: '0',
      ...options.gatewayEnv,
    },
    ...(options.core !== undefined && { core: options.core }),
  });
  const url = `http://127.0.0.1:${managementPort}/readyz`;
  const readyMs = await whenReady(child, async () => (await statusOf(url)) === 200);
  return { child, mediaPort, mediaPath: '/media-stream', readyMs };
}

/** Starts one of the two in a process of its own and waits until it is ready. */
export function startRelay(name: RelayName, options: RelayOptions): Promise<RunningRelay> {
  const env = { NODE_ENV: 'production', NODE_EXTRA_CA_CERTS: certificatePath() };
  return name === 'bare' ? startBare(options, env) : startGateway(options, env);
}
