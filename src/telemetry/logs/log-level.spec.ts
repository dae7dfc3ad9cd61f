import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { LoggerModule, PinoLogger } from 'nestjs-pino';
import { type Logger, pino } from 'pino';
import { FakeClock } from '../../common/fake-clock.js';
import { ManagementServer } from '../../health/management-server.js';
import { readLogLevelRequest } from './log-level-request.js';
import { serveLogLevel } from './log-level-routes.js';
import { type LogLevelState, LogLevelSwitch } from './log-level.js';

const MINUTE_MS = 60_000;

describe('the log level', () => {
  let lines: { msg: string; level: number }[];
  let logger: Logger;
  let clock: FakeClock;
  let levels: LogLevelSwitch;

  beforeEach(() => {
    lines = [];
    logger = pino(
      { level: 'info' },
      { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[0]) },
    );
    clock = new FakeClock();
    levels = new LogLevelSwitch(logger, 'info', clock);
  });

  const said = (): string[] => lines.map(({ msg }) => msg);

  it('counts for the loggers of calls that have begun, and of those that begin later', () => {
    const earlier = logger.child({ callId: 'one' });
    const below = earlier.child({ turn: 1 });
    earlier.debug('not yet');
    levels.set('debug', 15);
    for (const each of [earlier, below, logger.child({ callId: 'two' })]) each.debug('now');
    levels.set('info', 15);
    for (const each of [earlier, below]) each.debug('no more');
    expect(said().filter((msg) => !msg.includes('log level'))).toEqual(['now', 'now', 'now']);
  });

  it('is the configured one again after a while', () => {
    const call = logger.child({ callId: 'one' });
    expect(levels.set('debug', 15)).toMatchObject({ level: 'debug', configured: 'info' });
    expect(Date.parse(levels.state.until ?? '')).toBeGreaterThan(Date.now() + 14 * MINUTE_MS);
    clock.advance(15 * MINUTE_MS - 1);
    call.debug('still');
    clock.advance(1);
    call.debug('no more');
    expect(levels.state).toEqual({ level: 'info', configured: 'info', until: undefined });
    expect(said()).toEqual(['the log level was changed', 'still', 'the log level was changed']);
  });

  it('lasts as long as the last one who changed it said', () => {
    levels.set('debug', 1);
    levels.set('trace', 10);
    clock.advance(5 * MINUTE_MS);
    expect(levels.state.level).toBe('trace');
    levels.set('info', 10);
    levels.set('debug', 10);
    clock.advance(6 * MINUTE_MS);
    expect(levels.state.level).toBe('debug');
  });

  it('says that it was changed, whichever way, where warnings are shown', () => {
    levels.set('error', 1);
    levels.set('fatal', 1);
    levels.set('error', 1);
    clock.advance(MINUTE_MS);
    // From info to error, and from error back to info: between silent levels there is nobody to tell.
    expect(lines.map(({ level }) => level)).toEqual([40, 40]);
  });
});

describe('/log-level', () => {
  let management: ManagementServer;
  let url: string;

  beforeEach(async () => {
    management = new ManagementServer();
    serveLogLevel(
      management,
      new LogLevelSwitch(pino({ level: 'info' }, { write: () => undefined }), 'info', new FakeClock()),
    );
    url = `http://127.0.0.1:${await management.listen(0, '127.0.0.1')}/log-level`;
  });
  afterEach(() => management.close());

  const post = (body: string): Promise<Response> => fetch(url, { method: 'POST', body });
  const level = async (): Promise<LogLevelState> => (await (await fetch(url)).json()) as LogLevelState;

  it('tells and changes it', async () => {
    expect(await level()).toEqual({ level: 'info', configured: 'info' });
    const answer = await post('debug');
    expect(answer.status).toBe(200);
    const state = (await answer.json()) as LogLevelState;
    expect(state).toMatchObject({ level: 'debug', configured: 'info', until: expect.stringMatching(/Z$/) as string });
    expect(await level()).toEqual(state);
  });

  it('refuses what is no level, and lists those that there are', async () => {
    const answer = await post('loud');
    expect(answer.status).toBe(400);
    expect(await answer.text()).toBe('The level is one of fatal, error, warn, info, debug, trace.\n');
    expect((await level()).level).toBe('info');
  });
});

describe('what is asked of /log-level', () => {
  const query = new URLSearchParams('minutes=5');

  it.each([
    ['debug', undefined, { level: 'debug', minutes: 15 }],
    [' Debug\n', undefined, { level: 'debug', minutes: 15 }],
    ['debug', query, { level: 'debug', minutes: 5 }],
    ['trace 30', undefined, { level: 'trace', minutes: 30 }],
    ['"warn"', undefined, { level: 'warn', minutes: 15 }],
    ['{"level":"warn"}', query, { level: 'warn', minutes: 5 }],
    ['{"level":"warn","minutes":0.5}', query, { level: 'warn', minutes: 0.5 }],
  ])('%p is understood', (body, given, asked) => {
    expect(readLogLevelRequest(body, given)).toEqual(asked);
  });

  it.each([
    ['', /one of fatal/],
    ['silent', /one of fatal/],
    ['null', /one of fatal/],
    ['[]', /one of fatal/],
    ['{', /no JSON/],
    ['debug 0', /minutes/],
    ['debug 1441', /minutes/],
    ['debug soon', /minutes/],
    ['{"level":"debug","minutes":"x"}', /minutes/],
  ])('%p is refused with a reason', (body, reason) => {
    expect(readLogLevelRequest(body)).toMatch(reason);
  });
});

describe("the application's loggers", () => {
  it('follow the level of their root', async () => {
    const lines: string[] = [];
    @Module({
      imports: [
        LoggerModule.forRoot({ pinoHttp: [{ level: 'info' }, { write: (line: string) => void lines.push(line) }] }),
      ],
    })
    class App {}
    const app = await Test.createTestingModule({ imports: [App] }).compile();
    const log = await app.resolve(PinoLogger);
    const call = log.logger.child({ callId: 'one' });
    const levels = new LogLevelSwitch(PinoLogger.root, 'info', new FakeClock());
    log.debug('not yet');
    levels.set('debug', 1);
    log.debug('now');
    call.debug('now too');
    levels.set('info', 1);
    call.debug('no more');
    expect(
      lines.map((line) => (JSON.parse(line) as { msg: string }).msg).filter((msg) => /now|yet|more/.test(msg)),
    ).toEqual(['now', 'now too']);
    await app.close();
  });
});
