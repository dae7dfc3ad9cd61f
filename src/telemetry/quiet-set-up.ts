import { type LoggerService } from '@nestjs/common';

/** Parts of Nest that report every module and route at start-up. */
const SET_UP = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
  'WebSocketsController',
]);

/** Nest's set-up lines become debug ones: an operator's first line is the one that says what listens where. */
export function quietAboutSetUp(log: LoggerService): LoggerService {
  const quiet = Object.create(log) as LoggerService;
  quiet.log = (message: unknown, ...rest: unknown[]): void => {
    if (SET_UP.has(String(rest.at(-1)))) log.debug?.(message, ...rest);
    else log.log(message, ...rest);
  };
  return quiet;
}
