import { OtlpReceiver } from '../../simulator/trace/otlp-receiver.js';
import { type TraceSpan } from '../../simulator/trace/span.js';
import { setStage, type Stage, type StageOptions } from './gateway.js';

export { OtlpReceiver } from '../../simulator/trace/otlp-receiver.js';
export { type TraceSpan } from '../../simulator/trace/span.js';

/** The last span of a call comes when its last words are settled. */
const SUMMARY_LIMIT_MS = 15_000;
const INSTANCE = 'service.instance.id';
const CALL_ID = 'parley.call.id';
const CONVERSATION_ID = 'gen_ai.conversation.id';

/** A stage whose gateway sends its spans to a receiver of OTLP. */
export interface TracedStage extends Stage {
  collector: OtlpReceiver;
}

export async function setTracedStage(options: StageOptions = {}): Promise<TracedStage> {
  const collector = await OtlpReceiver.start();
  try {
    const stage = await setStage({ ...options, env: { ...collector.traceSettings, ...options.env } });
    return Object.assign(stage, {
      collector,
      close: closing(stage.close.bind(stage), collector),
    });
  } catch (error) {
    await collector.close();
    throw error;
  }
}

function closing(closeStage: () => Promise<void>, collector: OtlpReceiver): () => Promise<void> {
  return async () => {
    await closeStage();
    await collector.close();
  };
}

/** The spans that came of one call, and what is asked of every trace. */
export class WholeTrace {
  constructor(readonly spans: readonly TraceSpan[]) {}

  get traceId(): string {
    return this.root.traceId;
  }

  get root(): TraceSpan {
    return this.one(({ parentSpanId }) => parentSpanId === undefined);
  }

  get turns(): TraceSpan[] {
    return this.named('turn');
  }

  /** By their beginning. */
  named(name: string): TraceSpan[] {
    return this.spans.filter((span) => span.name === name).sort((one, other) => one.startMs - other.startMs);
  }

  /** Throws where there is none, or another one. */
  one(which: string | ((span: TraceSpan) => boolean)): TraceSpan {
    const found = this.spans.filter((span) => (typeof which === 'string' ? span.name === which : which(span)));
    const [only] = found;
    if (!only || found.length > 1) throw new Error(`${String(which)}: ${found.length} spans in\n${this.outline()}`);
    return only;
  }

  /** By their beginning. */
  childrenOf({ spanId }: TraceSpan): TraceSpan[] {
    const below = this.spans.filter(({ parentSpanId }) => parentSpanId === spanId);
    return below.sort((one, other) => one.startMs - other.startMs);
  }

  /** Everything that must hold of the trace of any call that is over; the one with the spans of several pods too. */
  expectWhole(): void {
    const { root } = this;
    expect([root.name, root.kind]).toEqual(['call', 'server']);
    const turns = new Set(this.turns.map(({ spanId }) => spanId));
    const parents = new Map(this.spans.map((span) => [span.spanId, span]));
    expect(parents.size).toBe(this.spans.length);
    for (const span of this.spans) {
      expect(span.traceId).toBe(root.traceId);
      expect(span.endMs).toBeGreaterThanOrEqual(span.startMs);
      if (span === root) continue;
      const parent = parents.get(span.parentSpanId ?? '');
      if (!parent) throw new Error(`${span.name} has a parent that never came\n${this.outline()}`);
      if (parent === root) continue;
      // Only turns have anything below them, and enclose it; everything else hangs below the root.
      expect(turns.has(parent.spanId)).toBe(true);
      expect(span.startMs).toBeGreaterThanOrEqual(parent.startMs);
      expect(span.endMs).toBeLessThanOrEqual(parent.endMs);
    }
  }

  /**
   * The summary is the last thing that its pod has sent, and nothing there ended later. On other pods nothing began later:
   * what they passed on is answered a moment after the call's end.
   */
  expectNothingAfterSummary(): void {
    const summary = this.one('call.summary');
    const isOwn = ({ resource }: TraceSpan): boolean => resource[INSTANCE] === summary.resource[INSTANCE];
    expect(this.spans.filter(isOwn).at(-1)?.name).toBe('call.summary');
    const late = this.spans.filter((span) => (isOwn(span) ? span.endMs : span.startMs) > summary.endMs);
    expect(late.map(({ name }) => name)).toEqual([]);
  }

  /** For the message of a test that fails. */
  outline(): string {
    const beganMs = Math.min(...this.spans.map(({ startMs }) => startMs));
    const lines = [...this.spans].sort((one, other) => one.startMs - other.startMs);
    return lines
      .map(({ name, startMs, endMs, parentSpanId }) => {
        const times = `${Math.round(startMs - beganMs)} to ${Math.round(endMs - beganMs)} ms`;
        return `  ${name}: ${times}, parent ${parentSpanId ?? 'none'}`;
      })
      .join('\n');
  }
}

/** Every span about a call, whichever trace it is in. */
export function spansAbout(collector: OtlpReceiver, callControlId: string): TraceSpan[] {
  const about = collector.spans.filter(({ attributes }) =>
    [attributes[CALL_ID], attributes[CONVERSATION_ID]].includes(callControlId),
  );
  const traceIds = new Set(about.map(({ traceId }) => traceId));
  return collector.spans.filter(({ traceId }) => traceIds.has(traceId));
}

/** The trace of a call as it stands now. */
export function traceSoFar(collector: OtlpReceiver, call: { callControlId: string }): WholeTrace {
  return new WholeTrace(spansAbout(collector, call.callControlId));
}

/** Resolves when the summary of a call has come, with all the spans that came until then. */
export async function traceOf(collector: OtlpReceiver, call: { callControlId: string }): Promise<WholeTrace> {
  const { callControlId } = call;
  const isSummary = ({ name, attributes }: TraceSpan): boolean =>
    name === 'call.summary' && attributes[CALL_ID] === callControlId;
  const summary = await collector.waitFor(isSummary, SUMMARY_LIMIT_MS);
  const trace = traceSoFar(collector, call);
  if (!summary) throw new Error(`no summary of ${callControlId} in\n${trace.outline()}`);
  return trace;
}
