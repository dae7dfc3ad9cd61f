import { Inject, Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { CallDirectory } from '../affinity/call-directory.js';
import { Fleet } from '../affinity/fleet.js';
import { Keyring } from '../common/keyring.js';
import { CONFIG } from '../config/config.token.js';
import { type Config } from '../config/config.js';
import { Counters } from '../telemetry/counters.js';
import { isOverflow } from '../telemetry/metrics/reasons.js';
import { Admission, type Verdict } from './admission.js';
import { callerOf } from './caller-rate.js';
import { CallCommands } from './call-commands.js';
import { OverflowCalls } from './overflow-calls.js';
import { streamBaseUrl } from './stream-url.js';
import { type CallIdentity } from './webhook-event.js';

/** What is done with a call that rings. */
export type Intake =
  /** It is answered; its media streams go to this base URL. */
  | { take: true; baseUrl: string }
  /**
   * It is not ours, and why; `overflow`: it goes to OVERFLOW_NUMBER, else it is rejected. `done` resolves when Telnyx was
   * told where it goes.
   */
  | { take: false; verdict: Refusal; overflow: boolean; done: Promise<unknown> };

/** `no-address`: of its media stream. */
export type Refusal = Exclude<Verdict, 'admit'> | 'no-address';

/** Whether a call that is rejected for this reason would have been taken, were we as we should be. */
export function isOurTrouble(why: Refusal): boolean {
  return why === 'no-address' || isOverflow(why);
}

/** Decides before the answer whether a call is taken, handed to OVERFLOW_NUMBER, or rejected as busy. */
@Injectable()
export class CallIntake {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @InjectPinoLogger(CallIntake.name) private readonly log: PinoLogger,
    private readonly admission: Admission,
    private readonly commands: CallCommands,
    private readonly overflow: OverflowCalls,
    private readonly fleet: Fleet,
    private readonly directory: CallDirectory,
    private readonly keyring: Keyring,
    private readonly counters: Counters,
  ) {}

  /**
   * Whether this caller has called the whole fleet too often within the last minute; the call counts. Every pod knows only
   * what it has answered itself. Never rejects: without the directory, that decides.
   */
  async tooOftenInFleet(from: string | undefined): Promise<boolean> {
    const { callerCallsPerMinute } = this.config.limits;
    const caller = callerOf(from);
    if (!this.directory.shared || callerCallsPerMinute === undefined || caller === undefined) return false;
    // Numbers are not for reading by whoever looks into Redis.
    const name = this.keyring.sign('caller rate', caller).mac.toString('base64url');
    const calls = await this.directory.count(`caller ${name}`, 60_000).catch(() => 0);
    return calls > callerCallsPerMinute;
  }

  /** Tells Telnyx, of a call that was judged good here. */
  async rejectTooOften(callId: string): Promise<void> {
    this.counters.callRejected('caller-too-often');
    this.log.warn({ callId, verdict: 'caller-too-often' }, 'call rejected as busy');
    await this.commands.rejectAsBusy(callId);
  }

  /** @param activeCalls how many calls the pod carries already. */
  judge(identity: CallIdentity, deliveredTo: string | undefined, activeCalls: number): Intake {
    const callId = identity.callControlId;
    const { overflowTo } = this.config.transfer;
    const judged = this.admission.judge(activeCalls, identity.from);
    // This pod's own trouble, while another has room: it answers for the fleet, and the stream is placed there.
    const elsewhere = isOverflow(judged) && this.fleet.roomElsewhere() !== undefined;
    const refused = !this.directory.available && this.config.redis?.failureMode === 'refuse';
    const verdict = refused ? 'directory-away' : elsewhere ? 'admit' : judged;
    const baseUrl = streamBaseUrl(this.config.stream.publicUrl, deliveredTo);
    if (verdict === 'admit' && baseUrl !== undefined) return { take: true, baseUrl };
    const why = verdict === 'admit' ? 'no-address' : verdict;
    if (isOverflow(verdict) && overflowTo !== undefined) {
      this.counters.callOverflowed(verdict);
      this.log.warn({ callId, verdict, activeCalls }, 'call sent to the overflow number');
      return { take: false, verdict: why, overflow: true, done: this.overflow.take(identity, overflowTo) };
    }
    this.counters.callRejected(why);
    if (verdict === 'admit') {
      this.log.error(
        { callId },
        'call rejected: no address for its media stream. Set PUBLIC_URL; the webhook carried no usable meta.delivered_to',
      );
    } else {
      this.log.warn({ callId, verdict, activeCalls }, 'call rejected as busy');
    }
    return { take: false, verdict: why, overflow: false, done: this.commands.rejectAsBusy(callId) };
  }
}
