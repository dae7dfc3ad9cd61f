import { Injectable } from '@nestjs/common';
import { CallDirectory } from '../affinity/call-directory.js';
import { ThisPod } from '../affinity/this-pod.js';
import { NumberAttributes } from '../telemetry/numbers/number-attributes.js';
import { type SpanAttributes } from '../telemetry/trace/call-trace.js';
import { CallTraces } from '../telemetry/trace/call-traces.js';
import { ATTRS, SPANS } from '../telemetry/trace/names.js';
import { attributesOfConversation, attributesOfLine } from './call-totals.js';
import { type CarriedCall } from './carried-call.js';
import { type EndReason, isFailure } from './end-reason.js';
import { isFirstToTell } from './first-to-tell.js';

/** Ends the traces of calls: with their totals, after everything else. */
@Injectable()
export class CallSummaries {
  private readonly written = new WeakSet<CarriedCall>();
  private waiting = 0;

  constructor(
    private readonly traces: CallTraces,
    private readonly pod: ThisPod,
    private readonly numbers: NumberAttributes,
    private readonly directory: CallDirectory,
  ) {}

  /** Calls whose totals are still to be written. */
  get pending(): number {
    return this.waiting;
  }

  /**
   * Our part of a call is over: at its end, or when the caller was handed over. Done once, however often it is told.
   * @param finished does not reject; resolves when the conversation has told of its last turn.
   */
  write(carried: CarriedCall, endReason: EndReason, finished: Promise<unknown>): void {
    const { callControlId } = carried.facts;
    if (this.written.has(carried)) return;
    this.written.add(carried);
    const trace = this.traces.of(callControlId);
    // The call may have come back, as one that another pod has begun anew.
    const forget = (): void => {
      if (this.traces.of(callControlId) === trace) this.traces.forget(callControlId);
    };
    if (!trace.recording) {
      void finished.then(forget);
      return;
    }
    const startMs = Date.now();
    const about = { [ATTRS.endReason]: endReason, [ATTRS.callDurationMs]: startMs - carried.startedAtMs };
    const finish = (first: boolean): void => {
      this.waiting--;
      const error = isOurFailure(endReason) ? endReason : undefined;
      const attributes = { ...about, ...this.attributesOf(carried) };
      if (first) trace.record({ name: SPANS.summary, startMs, endMs: Date.now(), attributes, error });
      forget();
    };
    this.waiting++;
    void finished.then(async () => {
      const first = await isFirstToTell(this.directory, 'summary', callControlId);
      // What is being done for the call in this moment ends before: the webhook that told of its end, a command.
      setImmediate(finish, first);
    });
  }

  private attributesOf(carried: CarriedCall): SpanAttributes {
    const { callControlId, callSessionId, from, to } = carried.facts;
    const { line, conversation } = carried.summary;
    return {
      [ATTRS.callId]: callControlId,
      [ATTRS.conversationId]: callControlId,
      [ATTRS.sessionId]: callSessionId,
      [ATTRS.pod]: this.pod.name,
      ...this.numbers.of(from, to),
      ...attributesOfLine(line),
      ...attributesOfConversation(conversation),
    };
  }
}

/** The caller did not get what they called for, and it was not their doing. */
function isOurFailure(reason: EndReason): boolean {
  return isFailure(reason) || reason === 'answer-failed';
}
