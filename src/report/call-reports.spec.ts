import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type PinoLogger } from 'nestjs-pino';
import { Webhook } from 'standardwebhooks';
import { type Config } from '../config/config.js';
import { Secret } from '../config/secret.js';
import { Counters } from '../telemetry/counters.js';
import { CallReports } from './call-reports.js';
import { exampleReport } from './docs.js';
import { reportDocument } from './report-document.js';
import { reportId } from './standard-webhook.js';

const SECRET = 'whsec_YSBzZWNyZXQgb2YgdGhlIHRlc3Rz';

describe('CallReports', () => {
  let server: Server;
  let answer: number;
  let reports: CallReports;
  let counters: Counters;
  let lines: unknown[][];
  let told: () => void;

  beforeEach(async () => {
    answer = 200;
    lines = [];
    told = () => undefined;
    counters = new Counters();
    server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    reports = reporter({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      secret: new Secret(SECRET),
      timeoutMs: 5_000,
      giveUpAfterMs: 60_000,
      lastWordsWaitMs: 0,
    });
  });
  afterEach(async () => {
    await reports.close(0);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  function reporter(report: Config['report']): CallReports {
    const logs = (level: string) => (line: object, text: string) => {
      lines.push([level, line, text]);
      told();
    };
    const log = { debug: logs('debug'), warn: logs('warn'), error: logs('error') } as unknown as PinoLogger;
    return new CallReports({ report } as Config, log, counters);
  }

  /** What comes next at the receiver, which answers it. */
  function nextReport(): Promise<{ body: string; headers: Record<string, string> }> {
    return new Promise((resolve) => {
      server.once('request', (request, response) => {
        let body = '';
        request.setEncoding('utf8');
        request.on('data', (piece: string) => (body += piece));
        request.on('end', () => {
          response.writeHead(answer).end();
          resolve({ body, headers: request.headers as Record<string, string> });
        });
      });
    });
  }

  const nextLine = (): Promise<void> => new Promise((resolve) => (told = resolve));

  it('sends the report of a call, which the receiver can verify', async () => {
    const arrives = nextReport();
    const logged = nextLine();
    reports.deliver(exampleReport);
    expect(reports.pending).toBe(1);
    const { body, headers } = await arrives;
    expect(new Webhook(SECRET).verify(body, headers)).toEqual(reportDocument(exampleReport));
    expect(headers['webhook-id']).toBe(reportId(exampleReport.callId));
    await logged;
    expect(reports.pending).toBe(0);
    expect(counters).toMatchObject({ reportsDelivered: 1, reportsFailed: 0, reportsDropped: 0 });
  });

  it('says what became of a report, and nothing of what is in it', async () => {
    answer = 410;
    const arrives = nextReport();
    const logged = nextLine();
    reports.deliver(exampleReport);
    await arrives;
    await logged;
    expect(lines).toEqual([
      ['error', { callId: exampleReport.callId, attempts: 1, problem: 'status 410' }, 'report not delivered, given up'],
    ]);
    expect(counters).toMatchObject({ reportsDelivered: 0, reportsFailed: 1 });
  });

  it('says how many were lost when the process leaves', async () => {
    server.on('request', () => undefined);
    const arrived = once(server, 'request');
    reports.deliver(exampleReport);
    await arrived;
    await reports.close(50);
    expect(lines.at(-1)).toEqual(['error', { reports: 1 }, expect.stringContaining('lost')]);
    expect(counters.reportsDropped).toBe(1);
  });

  it('does not throw over a report that cannot be written, nor quote it', () => {
    const { conversation } = exampleReport;
    reports.deliver({
      ...exampleReport,
      conversation: conversation && {
        ...conversation,
        transcript: [{ kind: 'caller', atMs: NaN, text: 'my secret words' }],
      },
    });
    expect(reports.pending).toBe(0);
    expect(counters.reportsFailed).toBe(1);
    expect(JSON.stringify(lines)).toContain(exampleReport.callId);
    expect(JSON.stringify(lines)).not.toContain('secret words');
  });

  it('sends nothing unless an address is configured', async () => {
    const off = reporter(undefined);
    expect(off.enabled).toBe(false);
    expect(reports.enabled).toBe(true);
    off.deliver(exampleReport);
    expect(off.pending).toBe(0);
    await off.beforeApplicationShutdown();
    expect(lines).toEqual([]);
  });
});
