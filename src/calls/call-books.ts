import { Inject, Injectable } from '@nestjs/common';
import { CallDirectory } from '../affinity/call-directory.js';
import { CLOCK } from '../common/clock.token.js';
import { type Clock } from '../common/clock.js';
import { CONFIG } from '../config/config.token.js';
import { type Config } from '../config/config.js';
import { type ConversationReport } from '../conversation/record/conversation-report.js';
import { CallReports } from '../report/call-reports.js';
import { type CarriedCall } from './carried-call.js';
import { type EndReason } from './end-reason.js';
import { isFirstToTell } from './first-to-tell.js';

/** Reports calls when our part of them is over: at their end, or when the caller was handed over. */
@Injectable()
export class CallBooks {
  private readonly closed = new WeakSet<CarriedCall>();
  private waiting = 0;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(CallReports) private readonly reports: Pick<CallReports, 'deliver'>,
    private readonly directory: CallDirectory,
  ) {}

  /** Calls whose last words are still being written down. */
  get pending(): number {
    return this.waiting;
  }

  /** How long the caller's last words are waited for; undefined where nobody asks what the conversation was. */
  get lastWordsWaitMs(): number | undefined {
    return this.config.report?.lastWordsWaitMs;
  }

  /** @param finished what the conversation was; does not reject. */
  close(carried: CarriedCall, endReason: EndReason, finished: Promise<ConversationReport | undefined>): void {
    if (!this.config.report || this.closed.has(carried)) return;
    this.closed.add(carried);
    const { callControlId, callSessionId, from, to } = carried.facts;
    const report = {
      callId: callControlId,
      sessionId: callSessionId,
      from,
      to,
      startedAt: new Date(carried.startedAtMs).toISOString(),
      endedAt: new Date().toISOString(),
      durationMs: Math.round(this.clock.nowMs() - carried.startedMs),
      endReason,
    };
    this.waiting++;
    void finished.then(async (conversation) => {
      const first = await isFirstToTell(this.directory, 'report', callControlId);
      this.waiting--;
      if (first) this.reports.deliver({ ...report, conversation: conversation ?? null });
    });
  }
}
