import { Injectable } from '@nestjs/common';
import { CallTrace } from '../telemetry/trace/call-trace.js';
import { CallTraces } from '../telemetry/trace/call-traces.js';
import { CallsService } from './calls.service.js';

/** The traces of calls that something has come for, here or on another pod. */
@Injectable()
export class CallTracing {
  constructor(
    private readonly calls: CallsService,
    private readonly traces: CallTraces,
  ) {}

  /**
   * The trace of a call; one that records nothing where the call is over, and its trace complete.
   * @param traceparent as what has come carries it.
   */
  of(callControlId: string, traceparent: string | undefined): CallTrace {
    if (this.calls.isOver(callControlId)) return CallTrace.NONE;
    const known = this.traces.of(callControlId);
    if (known.traceparent !== undefined || this.calls.find(callControlId)) return known;
    const joined = this.traces.join(callControlId, traceparent);
    // Not kept: nobody here would know when it is over.
    this.traces.forget(callControlId);
    return joined;
  }

  /** Does something for a call that another pod has, or had: commands sent meanwhile are in the call's trace too. */
  async during<T>(callControlId: string, traceparent: string | undefined, work: () => Promise<T>): Promise<T> {
    const trace = this.of(callControlId, traceparent);
    if (trace.traceparent !== undefined) this.traces.join(callControlId, trace.traceparent);
    try {
      return await work();
    } finally {
      if (!this.calls.find(callControlId)) this.traces.forget(callControlId);
    }
  }
}
