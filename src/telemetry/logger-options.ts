import { type Params } from 'nestjs-pino';
import { hostname } from 'node:os';
import pinoPretty from 'pino-pretty';
import { type Config } from '../config/config.js';
import { LogOutput, patientDescriptor } from './log-output.js';
import { type CallTraces } from './trace/call-traces.js';
import { LOG_LOSSES } from './metrics/log-losses.js';
import { secretsOut } from './logs/secrets-out.js';

const WARN = 40;

/**
 * Logs as JSON lines, or for a person where there is a terminal. Requests are not logged one by one: calls are.
 * @param traces so that every line of a call names its trace.
 */
export function loggerOptions(config: Config, traces: Pick<CallTraces, 'of'>): Params {
  const pretty = config.log.pretty === 'auto' ? process.stdout.isTTY : config.log.pretty;
  return {
    // No request-scoped loggers: a call outlives the webhook that began it, and its lines carry the call's id instead.
    forRoutes: [],
    pinoHttp: [
      {
        level: config.log.level,
        autoLogging: false,
        quietReqLogger: true,
        // Belt and braces: no code logs headers or bodies, and if some ever does, the keys stay out.
        mixin: (line: { callId?: unknown; traceId?: unknown }) => traceOf(line, traces),
        redact: ['req.headers', 'res.headers', '*.apiKey', '*.authorization'],
      },
      standardOutput(pretty, secretsOut(config)),
    ],
  };
}

/** A line of a call that has none yet: those of its own logger have it from there. */
function traceOf({ callId, traceId }: { callId?: unknown; traceId?: unknown }, traces: Pick<CallTraces, 'of'>): object {
  const found = typeof callId === 'string' && traceId === undefined ? traces.of(callId).traceId : undefined;
  return found === undefined ? {} : { traceId: found };
}

/** pino's own destination waits at the exit for a reader without an end, and for as long as none comes keeps every line. */
function standardOutput(pretty: boolean, clean: (line: string) => string): { write(line: string): void } {
  const form = pretty
    ? pinoPretty.prettyFactory({ singleLine: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' })
    : (line: string) => line;
  const output = new LogOutput(patientDescriptor(), {
    lossNotice: (linesLost) => {
      LOG_LOSSES.lines += linesLost;
      return form(lossNotice(linesLost));
    },
  });
  process.on('exit', () => output.flushSync());
  return { write: (line) => output.write(form(clean(line))) };
}

function lossNotice(linesLost: number): string {
  const msg = `${linesLost} log lines were lost here, because nobody read them`;
  const line = { level: WARN, time: Date.now(), pid: process.pid, hostname: hostname(), linesLost, msg };
  return `${JSON.stringify(line)}\n`;
}
