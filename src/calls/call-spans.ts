import { type CallTrace } from '../telemetry/trace/call-trace.js';
import { ATTRS, SPANS } from '../telemetry/trace/names.js';
import { type CallPhase, type CallState } from './call-events.js';

/** Telnyx closes the stream of a call that is over, and tells of its end soon after: until then it looks like a loss. */
const END_TOLD_WITHIN_MS = 2_000;

/** Writes into a call's trace what its states tell: its transfers, and how long it was without a media stream. */
export class CallSpans {
  private phase: CallPhase;
  private transferBeganAtMs: number | undefined;
  private lost: { atMs: number; attempt: number } | undefined;

  /**
   * @param state in which the call is here at first.
   * @param now milliseconds since 1970.
   */
  constructor(
    private readonly callControlId: string,
    private readonly trace: CallTrace,
    { phase }: CallState,
    private readonly now: () => number = Date.now,
  ) {
    this.phase = phase;
    // Another pod has begun it: when, only its own span could say.
    if (phase === 'transferring') this.transferBeganAtMs = this.now();
  }

  /** @param state as it is now. */
  changed(state: CallState): void {
    const before = this.phase;
    if (before === state.phase) return;
    this.phase = state.phase;
    this.transfer(before, state);
    this.stream(before, state);
  }

  private transfer(before: CallPhase, state: CallState): void {
    if (state.phase === 'transferring') this.transferBeganAtMs = this.now();
    else if (before === 'transferring' || state.phase === 'transferred') this.transferOver(before, state);
  }

  private transferOver(before: CallPhase, state: CallState): void {
    const { transferBeganAtMs: startMs = this.now() } = this;
    this.transferBeganAtMs = undefined;
    const result = before === 'transferring' ? resultOfTransfer(state) : 'answered-late';
    const attributes = { ...this.about(result), [ATTRS.transferNumber]: state.transfers };
    // A busy line is an answer; an order that Telnyx did not carry out, or of which nothing was heard, is a failure.
    const error = result === 'failed' ? result : undefined;
    this.trace.record({ name: SPANS.transfer, startMs, endMs: this.now(), attributes, error });
  }

  private stream(before: CallPhase, state: CallState): void {
    const { attempt, endReason } = state;
    if (before === 'streaming' && state.phase === 'interrupted') {
      this.lost = { atMs: this.now(), attempt };
      return;
    }
    const { lost } = this;
    if (!lost || state.phase === 'interrupted') return;
    this.lost = undefined;
    const endMs = this.now();
    if (state.phase === 'ended' && endMs - lost.atMs < END_TOLD_WITHIN_MS) return;
    const back = state.phase === 'streaming';
    const result = back ? (attempt === lost.attempt ? 'dialled-again' : 'started-anew') : (endReason ?? state.phase);
    const attributes = { ...this.about(result), [ATTRS.streamAttempt]: attempt };
    const error = endReason === 'media-stream-lost' ? endReason : undefined;
    this.trace.record({ name: SPANS.streamLost, startMs: lost.atMs, endMs, attributes, error });
  }

  private about(result: string): Record<string, string> {
    return { [ATTRS.callId]: this.callControlId, [ATTRS.result]: result };
  }
}

function resultOfTransfer({ phase, returning, endReason }: CallState): string {
  switch (phase) {
    case 'transferred':
      return 'handed-over';
    case 'ended':
      return endReason ?? 'failed';
    default:
      return returning ?? 'failed';
  }
}
