import { Inject, Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { ThisPod } from '../affinity/this-pod.js';
import { type Clock, pause, type Timer } from '../common/clock.js';
import { CLOCK } from '../common/clock.token.js';
import { CONFIG } from '../config/config.token.js';
import { type Config } from '../config/config.js';
import { CallCommands, type CommandOutcome, NOT_ANSWERED } from './call-commands.js';
import { secondLegWaitMs } from './call-factory.js';
import { SecondLegs } from './second-legs.js';
import { type CallIdentity } from './webhook-event.js';

/** A call on its way to OVERFLOW_NUMBER. */
interface OverflowCall {
  answered: boolean;
  transfers: number;
  over: Timer | undefined;
}

/** An answer takes effect a moment after Telnyx took it; until then a transfer is refused as before. */
const AFTER_ANSWER_WAITS_MS = [250, 500, 1_000, 2_000];

/**
 * Calls that this pod cannot take, handed to another number without anything of ours in them. Whether Telnyx transfers
 * a call that was not answered is unconfirmed: where it does not (90034), the call is answered for it.
 */
@Injectable()
export class OverflowCalls {
  private readonly calls = new Map<string, OverflowCall>();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
    @InjectPinoLogger(OverflowCalls.name) private readonly log: PinoLogger,
    private readonly commands: CallCommands,
    private readonly secondLegs: SecondLegs,
    private readonly pod: ThisPod,
  ) {}

  /** Calls that ring at the other number, or are on their way there. */
  get pending(): number {
    return this.calls.size;
  }

  /** Whether a call is one of them. */
  has(callControlId: string): boolean {
    return this.calls.has(callControlId);
  }

  /** Hands a call that was not answered to the other number, or turns it away if that cannot be done. */
  async take({ callControlId, callSessionId }: CallIdentity, to: string): Promise<void> {
    const call: OverflowCall = { answered: false, transfers: 0, over: undefined };
    this.calls.set(callControlId, call);
    // Also the end of it where nobody tells what became of the second leg: they may be talking.
    call.over = this.clock.after(secondLegWaitMs(this.config), () => this.forget(callControlId));
    let outcome = await this.transfer(callControlId, callSessionId, call, to);
    if (!outcome.ok && outcome.code === NOT_ANSWERED) {
      outcome = await this.commands.answer(callControlId);
      call.answered ||= outcome.ok;
      if (outcome.ok) outcome = await this.transferAnswered(callControlId, callSessionId, call, to);
    }
    if (outcome.ok || !this.calls.has(callControlId)) return;
    if (outcome.gone) this.forget(callControlId);
    else await this.turnAway(callControlId, outcome.code);
  }

  /** Telnyx answered the first leg, because we said so or by itself. */
  answered(callControlId: string): void {
    const call = this.calls.get(callControlId);
    if (call) call.answered = true;
  }

  /** The second leg was answered, or the first one is over. */
  settled(callControlId: string): void {
    this.forget(callControlId);
  }

  /** Nobody took the call at the other number either. */
  async secondLegOver(callControlId: string, why: string): Promise<void> {
    if (this.calls.has(callControlId)) await this.turnAway(callControlId, why);
  }

  private async transferAnswered(
    callControlId: string,
    callSessionId: string | undefined,
    call: OverflowCall,
    to: string,
  ): Promise<CommandOutcome> {
    for (const waitMs of AFTER_ANSWER_WAITS_MS) {
      await pause(this.clock, waitMs);
      if (!this.calls.has(callControlId)) break;
      const outcome = await this.transfer(callControlId, callSessionId, call, to);
      if (outcome.ok || outcome.code !== NOT_ANSWERED) return outcome;
    }
    return { ok: false, gone: false, code: NOT_ANSWERED, status: undefined };
  }

  private transfer(
    callControlId: string,
    callSessionId: string | undefined,
    call: OverflowCall,
    to: string,
  ): Promise<CommandOutcome> {
    const transfer = ++call.transfers;
    const leg = { firstLeg: callControlId, transfer };
    const clientState = this.secondLegs.expect(leg, callSessionId, this.pod);
    return this.commands.transfer(callControlId, { to, clientState, transfer });
  }

  private async turnAway(callControlId: string, why: string): Promise<void> {
    const answered = this.calls.get(callControlId)?.answered;
    this.forget(callControlId);
    this.log.warn({ callId: callControlId, why }, 'the overflow number did not take the call either');
    const rejected = !answered && (await this.commands.rejectAsBusy(callControlId)).ok;
    if (!rejected) await this.commands.hangUp(callControlId);
  }

  private forget(callControlId: string): void {
    this.calls.get(callControlId)?.over?.cancel();
    if (!this.calls.delete(callControlId)) return;
    this.secondLegs.forget(callControlId);
  }
}
