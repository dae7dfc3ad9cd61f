import { type SessionOpening } from '../../conversation/observer.port.js';
import { type FinishedSpan } from '../trace/call-trace.js';
import { ATTRS, SPANS } from '../trace/names.js';
import { codeWord } from './failure-class.js';
import { failureAttributes } from './inference-span.js';
import { type ModelFacts } from './model-facts.js';

/**
 * An attempt to get a session, as a span. With a warm one it is short; how long its dial had taken, earlier and for nobody,
 * is in the attributes.
 */
export function sessionSpan(opening: SessionOpening, callId: string, facts: ModelFacts): FinishedSpan {
  const { cause, startedAtMs, endedAtMs, sessionId, attempts, failure, itemsTold, dial } = opening;
  return {
    name: cause === 'begin' ? SPANS.realtimeConnect : SPANS.resume,
    kind: 'client',
    startMs: startedAtMs,
    endMs: Math.max(startedAtMs, endedAtMs),
    attributes: {
      ...facts.attributes,
      [ATTRS.conversationId]: callId,
      [ATTRS.realtimeSessionId]: sessionId,
      [ATTRS.reason]: cause,
      [ATTRS.sessionAttempts]: attempts,
      [ATTRS.sessionItemsTold]: itemsTold,
      [ATTRS.sessionWarm]: dial?.warm,
      [ATTRS.sessionConnectMs]: dial && Math.round(dial.connectMs),
      [ATTRS.sessionAgeMs]: dial && Math.round(dial.ageMs),
      ...failureAttributes(failure),
    },
    // A session that was had in the end has no failure to its name: the attempts tell of those before it.
    error: failure && sessionId === undefined ? codeWord(failure.code) : undefined,
  };
}
