import { type INestApplicationContext } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { type Clock } from '../../common/clock.js';
import { CLOCK } from '../../common/clock.token.js';
import { type Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.token.js';
import { type ManagementServer } from '../../health/management-server.js';
import { readLogLevelRequest } from './log-level-request.js';
import { LogLevelSwitch } from './log-level.js';

const PATH = '/log-level';

/** `GET /log-level` tells the level of the log, `POST /log-level` changes it for a while; on this pod only. */
export function addLogLevelRoutes(
  management: Pick<ManagementServer, 'get' | 'post'>,
  app: INestApplicationContext,
): void {
  const config = app.get<Config>(CONFIG);
  serveLogLevel(management, new LogLevelSwitch(PinoLogger.root, config.log.level, app.get<Clock>(CLOCK)));
}

export function serveLogLevel(management: Pick<ManagementServer, 'get' | 'post'>, levels: LogLevelSwitch): void {
  management.get(PATH, () => ({ status: 200, body: levels.state }));
  management.post(PATH, (request) => {
    const asked = readLogLevelRequest(request.body.toString('utf8'), request.query);
    if (typeof asked === 'string') return Promise.resolve({ status: 400, body: `${asked}\n` });
    return Promise.resolve({ status: 200, body: levels.set(asked.level, asked.minutes) });
  });
}
