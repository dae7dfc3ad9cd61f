import { Injectable } from '@nestjs/common';
import { type Tracer, trace } from '@opentelemetry/api';
import { LRUCache } from 'lru-cache';
import { CallTrace, type OpenSpan, type SpanOptions } from './call-trace.js';
import { SPANS } from './names.js';

/** Far more than one pod has at a time; calls that are over are forgotten before that. */
const MAX_TRACES = 50_000;

/** The traces of the calls that this pod has to do with, by `call_control_id`. */
@Injectable()
export class CallTraces {
  private readonly tracer: Tracer = trace.getTracer('parley');
  private readonly traces = new LRUCache<string, CallTrace>({ max: MAX_TRACES });

  /** A call has come in: its trace begins. The span is its root; whoever begins it ends it once the call is answered. */
  begin(callControlId: string, options: SpanOptions): OpenSpan {
    const { trace: begun, span } = CallTrace.begin(this.tracer, SPANS.call, options);
    this.traces.set(callControlId, begun);
    return span;
  }

  /**
   * A call that began elsewhere, or earlier.
   * @param traceparent as the stream's token, `client_state` or the call's papers carry it.
   */
  join(callControlId: string, traceparent: string | undefined): CallTrace {
    const known = this.traces.get(callControlId);
    if (known) return known;
    const joined = CallTrace.join(this.tracer, traceparent);
    if (joined.traceparent !== undefined) this.traces.set(callControlId, joined);
    return joined;
  }

  /** The trace of a call; one that records nothing where none is known. */
  of(callControlId: string): CallTrace {
    return this.traces.get(callControlId) ?? CallTrace.NONE;
  }

  /** The call is over, or elsewhere. */
  forget(callControlId: string): void {
    this.traces.delete(callControlId);
  }
}
