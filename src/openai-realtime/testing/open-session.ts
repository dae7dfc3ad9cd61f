import { PinoLogger } from 'nestjs-pino';
import { type WebSocket } from 'ws';
import { type Clock, systemClock } from '../../common/clock.js';
import { type Config } from '../../config/config.js';
import { loadConfig } from '../../config/load-config.js';
import { type McpServer } from '../../config/tools-setting.js';
import { type ToolDeclaration } from '../../conversation/tools/tool.port.js';
import { Counters } from '../../telemetry/counters.js';
import { openRealtimeSocket } from '../realtime-socket.js';
import { RealtimeSession } from '../realtime-session.js';

export interface OpenOptions {
  clock?: Clock;
  env?: Record<string, string>;
  mcp?: McpServer[];
  declarations?: ToolDeclaration[];
  counters?: Counters;
  /** By default nothing is logged. */
  log?: PinoLogger;
  /** By default a new one. */
  socket?: WebSocket;
}

/** For tests: the configuration of a gateway whose model is at `url`. */
export function configFor(url: string, { env = {}, mcp = [] }: OpenOptions = {}): Config {
  const { config } = loadConfig({
    OPENAI_API_KEY: 'sk-double',
    TELNYX_API_KEY: 'KEY-test',
    WEBHOOK_SIGNATURE: 'off',
    OPENAI_REALTIME_URL: url,
    ...env,
  });
  return { ...config, tools: { ...config.tools, mcp } };
}

/** For tests: opens a session with the service, or its double, at `url`. */
export function openSession(url: string, options: OpenOptions = {}): Promise<RealtimeSession> {
  const config = configFor(url, options);
  return RealtimeSession.open(options.socket ?? openRealtimeSocket(config.openai), 'pcmu', {
    config,
    declarations: options.declarations ?? [],
    clock: options.clock ?? systemClock,
    log: options.log ?? new PinoLogger({ pinoHttp: { enabled: false } }),
    counters: options.counters ?? new Counters(),
    lateness: { late: true },
  });
}

/** For tests: an MCP server of the operator's. */
export function mcpServer(label: string, more: Partial<McpServer> = {}): McpServer {
  return {
    label,
    url: `https://${label}.example/mcp`,
    description: undefined,
    authorization: undefined,
    headers: {},
    allowedTools: undefined,
    essential: false,
    listTimeoutMs: 5_000,
    approval: { ask: false },
    ...more,
  };
}

/** For tests: a log that keeps what it is told, as `level: message fields`. */
export function keptLog(lines: string[]): PinoLogger {
  const keep =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push(`${level}: ${message} ${JSON.stringify(fields)}`);
  return { info: keep('info'), warn: keep('warn'), error: keep('error') } as unknown as PinoLogger;
}
