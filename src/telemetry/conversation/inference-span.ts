import { type ModelFailure } from '../../conversation/model.port.js';
import { type TurnResponse, type TurnTimeline } from '../../conversation/observer.port.js';
import { type FinishedSpan, type SpanAttributes } from '../trace/call-trace.js';
import { usageAttributes } from '../trace/usage-attributes.js';
import { ATTRS, EVENTS, SPANS } from '../trace/names.js';
import { codeWord, failureClass } from './failure-class.js';
import { type ModelFacts } from './model-facts.js';

/** `error.type` of what went down with its session. */
export const SESSION_LOST = 'session-lost';

/**
 * One response of the model, after the GenAI conventions' proposal for realtime models: from its beginning to its end, with
 * the provider's own word for why it ended.
 */
export function inferenceSpan(response: TurnResponse, turn: TurnTimeline, facts: ModelFacts): FinishedSpan {
  const { responseId, askedAtMs, createdAtMs, firstAudioAtMs, doneAtMs, outcome, dropped, audioMs } = response;
  const lost = outcome === undefined && turn.outcome === 'lost';
  const failure = outcome?.status === 'failed' ? outcome.failure : undefined;
  const failed = outcome?.status === 'failed' ? codeWord(failure?.code ?? 'failed') : undefined;
  return {
    name: SPANS.inference(facts.model),
    kind: 'client',
    startMs: createdAtMs,
    endMs: Math.max(createdAtMs, doneAtMs),
    attributes: {
      ...facts.attributes,
      [ATTRS.operation]: 'realtime_inference',
      [ATTRS.outputType]: 'speech',
      [ATTRS.responseId]: responseId,
      [ATTRS.realtimeSessionId]: turn.sessionId,
      [ATTRS.finishReasons]: finishReasons(response, lost),
      ...usageAttributes(outcome?.usage),
      ...failureAttributes(failure),
      [ATTRS.responseCostUsd]: outcome?.costUsd,
      [ATTRS.responseWaitMs]: since(askedAtMs, createdAtMs),
      [ATTRS.responseFirstAudioMs]: since(createdAtMs, firstAudioAtMs),
      [ATTRS.responseAudioMs]: Math.round(audioMs),
      [ATTRS.responseDropped]: dropped,
    },
    events: firstAudioAtMs === undefined ? [] : [{ name: EVENTS.firstAudio, atMs: firstAudioAtMs }],
    error: failed ?? (lost ? SESSION_LOST : undefined),
  };
}

/** The conventions' word for what has no reason of its own is `error`. */
function finishReasons({ outcome }: TurnResponse, lost: boolean): string[] | undefined {
  if (lost || outcome?.status === 'failed') return ['error'];
  return outcome && [codeWord(outcome.reason ?? outcome.status)];
}

export function failureAttributes(failure: ModelFailure | undefined): SpanAttributes {
  return failure ? { [ATTRS.failureClass]: failureClass(failure.code), [ATTRS.failureKind]: failure.kind } : {};
}

/** Whole milliseconds; undefined where there is no such time, or the clock was set meanwhile. */
function since(fromMs: number | undefined, toMs: number | undefined): number | undefined {
  return fromMs === undefined || toMs === undefined || toMs < fromMs ? undefined : Math.round(toMs - fromMs);
}
