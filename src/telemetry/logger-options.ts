import { type Params } from 'nestjs-pino';
import { type Config } from '../config/config.js';

/** Logs as JSON lines, or for a person where there is a terminal. Requests are not logged one by one: calls are. */
export function loggerOptions(config: Config): Params {
  const pretty = config.log.pretty === 'auto' ? process.stdout.isTTY : config.log.pretty;
  return {
    // No request-scoped loggers: a call outlives the webhook that began it, and its lines carry the call's id instead.
    forRoutes: [],
    pinoHttp: {
      level: config.log.level,
      autoLogging: false,
      quietReqLogger: true,
      // Belt and braces: no code logs headers or bodies, and if some ever does, the keys stay out.
      redact: ['req.headers', 'res.headers', '*.apiKey', '*.authorization'],
      ...(pretty
        ? {
            transport: {
              target: 'pino-pretty',
              options: { singleLine: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' },
            },
          }
        : {}),
    },
  };
}
