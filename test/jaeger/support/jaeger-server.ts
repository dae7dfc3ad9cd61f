import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../../simulator/cluster/free-ports.js';
import { JaegerQuery } from './jaeger-query.js';

const READY_WITHIN_MS = 30_000;
const POLL_MS = 50;
const ATTEMPTS = 3;

interface Ports {
  otlpHttp: number;
  otlpGrpc: number;
  query: number;
  queryGrpc: number;
  health: number;
}

/**
 * Jaeger in one process: takes OTLP, keeps traces in memory, answers queries. No batching before the memory, so that what
 * was taken can be found at once. All else is as Jaeger comes.
 */
function configuration(ports: Ports): string {
  const at = (port: number): string => `{ endpoint: '127.0.0.1:${port}' }`;
  return `
service:
  extensions: [jaeger_storage, jaeger_query, healthcheckv2]
  pipelines:
    traces: { receivers: [otlp], exporters: [jaeger_storage_exporter] }
  telemetry:
    metrics: { level: none }
extensions:
  healthcheckv2: { use_v2: true, http: ${at(ports.health)} }
  jaeger_storage: { backends: { kept: { memory: { max_traces: 10000 } } } }
  jaeger_query: { storage: { traces: kept }, http: ${at(ports.query)}, grpc: ${at(ports.queryGrpc)} }
receivers:
  otlp: { protocols: { grpc: ${at(ports.otlpGrpc)}, http: ${at(ports.otlpHttp)} } }
exporters:
  jaeger_storage_exporter: { trace_storage: kept }
`;
}

/** A real Jaeger on free ports of 127.0.0.1. */
export class JaegerServer {
  readonly query: JaegerQuery;
  private readonly killAtExit = (): void => void this.process.kill('SIGKILL');
  private output = '';

  private constructor(
    private readonly ports: Ports,
    private readonly process: ChildProcess,
    private readonly dir: string,
  ) {
    this.query = new JaegerQuery(`http://127.0.0.1:${ports.query}`);
    for (const stream of [process.stdout, process.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-20_000)));
    }
    process.on('error', (error) => (this.output += error.message));
    globalThis.process.on('exit', this.killAtExit);
  }

  /** @param binary where scripts/jaeger/build.mjs has put it; default: `JAEGER_BINARY`. */
  static async start(binary = process.env['JAEGER_BINARY']): Promise<JaegerServer> {
    if (!binary) throw new Error('JAEGER_BINARY names no Jaeger: `npm run test:jaeger` provides one and sets it.');
    for (let attempt = 1; ; attempt++) {
      const server = await JaegerServer.launch(binary);
      try {
        await server.ready();
        return server;
      } catch (error) {
        await server.close();
        // Somebody else may have taken a port.
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }

  private static async launch(binary: string): Promise<JaegerServer> {
    const [otlpHttp = 0, otlpGrpc = 0, query = 0, queryGrpc = 0, health = 0] = await freePorts(5);
    const ports = { otlpHttp, otlpGrpc, query, queryGrpc, health };
    const dir = mkdtempSync(join(tmpdir(), 'parley-jaeger-'));
    const file = join(dir, 'jaeger.yaml');
    writeFileSync(file, configuration(ports));
    const child = spawn(binary, ['--config', file], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
    return new JaegerServer(ports, child, dir);
  }

  /** For `OTEL_EXPORTER_OTLP_ENDPOINT` with `http/protobuf` or `http/json`. */
  get otlpUrl(): string {
    return `http://127.0.0.1:${this.ports.otlpHttp}`;
  }

  /** For `OTEL_EXPORTER_OTLP_ENDPOINT` with `grpc`. */
  get otlpGrpcUrl(): string {
    return `http://127.0.0.1:${this.ports.otlpGrpc}`;
  }

  async close(): Promise<void> {
    globalThis.process.off('exit', this.killAtExit);
    if (this.running) {
      const gone = once(this.process, 'close');
      this.process.kill('SIGKILL');
      await gone;
    }
    rmSync(this.dir, { recursive: true, force: true });
  }

  private get running(): boolean {
    return this.process.pid !== undefined && this.process.exitCode === null && this.process.signalCode === null;
  }

  private async ready(): Promise<void> {
    const untilMs = Date.now() + READY_WITHIN_MS;
    while (!(await this.healthy())) {
      if (!this.running || Date.now() > untilMs) throw new Error(`Jaeger did not start:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  private async healthy(): Promise<boolean> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.ports.health}/status`);
      await answer.arrayBuffer();
      return answer.ok;
    } catch {
      return false;
    }
  }
}
