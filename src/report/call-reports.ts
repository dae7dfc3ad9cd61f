import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { type Config } from '../config/config.js';
import { CONFIG } from '../config/config.token.js';
import { Counters } from '../telemetry/counters.js';
import { type CallReport } from './call-report.js';
import { Deliveries, type DeliveriesListener } from './deliveries.js';
import { reportDocument } from './report-document.js';
import { reportId } from './standard-webhook.js';

/** How long a process that leaves waits for reports that were not delivered yet. */
const LEAVE_AFTER_MS = 10_000;

/** Sends the reports of ended calls to the configured address; without one it does nothing. Logs no word of what they hold. */
@Injectable()
export class CallReports implements BeforeApplicationShutdown {
  private readonly deliveries: Deliveries | undefined;

  constructor(
    @Inject(CONFIG) config: Config,
    @InjectPinoLogger(CallReports.name) private readonly log: PinoLogger,
    private readonly counters: Counters,
  ) {
    this.deliveries = config.report && new Deliveries(config.report, this.listener());
  }

  /** Whether reports are sent at all. */
  get enabled(): boolean {
    return this.deliveries !== undefined;
  }

  /** Reports on their way. */
  get pending(): number {
    return this.deliveries?.pending ?? 0;
  }

  /** Sends it, and sees to it that it arrives. Never throws; what becomes of it is logged and counted. */
  deliver(report: CallReport): void {
    if (!this.deliveries) return;
    const { callId } = report;
    try {
      this.deliveries.add({ id: reportId(callId), callId, body: Buffer.from(JSON.stringify(reportDocument(report))) });
    } catch (error) {
      this.counters.reportsFailed++;
      // The message of an error may quote what it is about.
      const { name } = error as Error;
      this.log.error({ callId, error: name }, 'the report of a call could not be written');
    }
  }

  /** Waits for reports on their way, and no longer than `graceMs`; says how many were lost. Never rejects. */
  async close(graceMs: number): Promise<void> {
    const lost = (await this.deliveries?.close(graceMs)) ?? 0;
    if (lost > 0)
      this.log.error({ reports: lost }, 'reports of calls were lost: not delivered before the process left');
  }

  /** After the end of every call, whichever room had it. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.close(LEAVE_AFTER_MS);
  }

  private listener(): DeliveriesListener {
    const { log, counters } = this;
    return {
      delivered: ({ callId }, attempts) => {
        counters.reportsDelivered++;
        log.debug({ callId, attempts }, 'report delivered');
      },
      attemptFailed: ({ callId }, attempts, problem) => {
        const line = { callId, attempts, problem };
        if (attempts === 1) log.warn(line, 'report not delivered, trying again');
        else log.debug(line, 'report not delivered, trying again');
      },
      failed: ({ callId }, attempts, problem) => {
        counters.reportsFailed++;
        log.error({ callId, attempts, problem }, 'report not delivered, given up');
      },
      dropped: ({ callId }) => {
        counters.reportsDropped++;
        log.error({ callId }, 'report dropped: too many wait for their delivery, or the process leaves');
      },
    };
  }
}
