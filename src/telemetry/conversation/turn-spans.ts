import { type TurnTimeline } from '../../conversation/observer.port.js';
import { type FinishedSpan, type SpanAttributes, type SpanEvent } from '../trace/call-trace.js';
import { ATTRS, EVENTS, SPANS } from '../trace/names.js';
import { codeWord } from './failure-class.js';
import { inferenceSpan, SESSION_LOST } from './inference-span.js';
import { type ModelFacts } from './model-facts.js';
import { toolSpan } from './tool-span.js';
import { turnLatencies } from './turn-latencies.js';

export interface TurnSpansOptions {
  /** The phone call's id. */
  callId: string;
  facts: ModelFacts;
  /** Words, and what tools were given and brought, may be shown. */
  content: boolean;
}

/**
 * The spans of a turn that is over: the turn with what happened in it, and beside it the tools that it did not wait for,
 * which may take as long as they like.
 */
export function turnSpans(turn: TurnTimeline, { callId, facts, content }: TurnSpansOptions): FinishedSpan[] {
  const tools = turn.tools.map((tool) => ({ late: tool.late, span: toolSpan(tool, turn.number, content) }));
  const within = enclosing(turn, [
    ...callerSpeech(turn),
    ...turn.responses.map((response) => inferenceSpan(response, turn, facts)),
    ...tools.flatMap(({ late, span }) => (late ? [] : [span])),
    ...playout(turn),
  ]);
  const whole: FinishedSpan = {
    name: SPANS.turn,
    ...within,
    attributes: attributesOf(turn, content),
    events: interruption(turn),
    error: errorOf(turn),
  };
  const beside = tools.flatMap(({ late, span }) => (late ? [span] : []));
  for (const span of [whole, ...within.children, ...beside]) (span.attributes ??= {})[ATTRS.conversationId] = callId;
  return [whole, ...beside];
}

/** Times are taken in several places, and the clock may be set meanwhile: nothing of a turn is outside of it. */
function enclosing(
  { startedAtMs, endedAtMs }: TurnTimeline,
  children: FinishedSpan[],
): Required<Pick<FinishedSpan, 'startMs' | 'endMs' | 'children'>> {
  return {
    startMs: Math.min(startedAtMs, ...children.map(({ startMs }) => startMs)),
    endMs: Math.max(startedAtMs, endedAtMs, ...children.map(({ endMs }) => endMs)),
    children,
  };
}

function attributesOf(turn: TurnTimeline, content: boolean): SpanAttributes {
  const { number, cause, outcome, cut, bargeInMs, words } = turn;
  const latencies = turnLatencies(turn);
  return {
    [ATTRS.turnNumber]: number,
    [ATTRS.turnCause]: cause,
    [ATTRS.turnOutcome]: outcome,
    [ATTRS.turnInterrupted]: outcome === 'interrupted',
    [ATTRS.realtimeSessionId]: turn.sessionId,
    [ATTRS.turnResponseCreatedMs]: whole(latencies.responseCreatedMs),
    [ATTRS.turnModelAudioMs]: whole(latencies.modelAudioMs),
    [ATTRS.turnAudioSentMs]: whole(latencies.audioSentMs),
    [ATTRS.turnAudioHeardMs]: whole(latencies.audioHeardMs),
    [ATTRS.turnBargeInMs]: whole(bargeInMs),
    [ATTRS.cutHeardMs]: whole(cut?.heardMs),
    [ATTRS.cutOfMs]: whole(cut?.ofMs),
    [ATTRS.turnCostUsd]: costUsd(turn),
    [ATTRS.callerWords]: content ? words.caller : undefined,
    [ATTRS.assistantWords]: content ? words.assistant : undefined,
  };
}

function callerSpeech({ callerSpeech: speech }: TurnTimeline): FinishedSpan[] {
  if (!speech) return [];
  const { startedAtMs: startMs, endedAtMs } = speech;
  return [{ name: SPANS.callerSpeech, startMs, endMs: Math.max(startMs, endedAtMs) }];
}

function playout({ playout: audio, cut }: TurnTimeline): FinishedSpan[] {
  if (!audio) return [];
  const { firstSentAtMs, firstHeardAtMs, endedAtMs } = audio;
  return [
    {
      name: SPANS.playout,
      startMs: firstSentAtMs,
      endMs: Math.max(firstSentAtMs, endedAtMs),
      attributes: { [ATTRS.cutHeardMs]: whole(cut?.heardMs), [ATTRS.cutOfMs]: whole(cut?.ofMs) },
      events: firstHeardAtMs === undefined ? [] : [{ name: EVENTS.firstHeard, atMs: firstHeardAtMs }],
    },
  ];
}

function interruption({ outcome, playout: audio, endedAtMs, bargeInMs, cut }: TurnTimeline): SpanEvent[] {
  if (outcome !== 'interrupted') return [];
  const attributes = {
    [ATTRS.turnBargeInMs]: whole(bargeInMs),
    [ATTRS.cutHeardMs]: whole(cut?.heardMs),
    [ATTRS.cutOfMs]: whole(cut?.ofMs),
  };
  return [{ name: EVENTS.bargeIn, atMs: audio?.endedAtMs ?? endedAtMs, attributes }];
}

/** What the model's last failure was called, or that it took the turn with it. */
function errorOf({ outcome, responses }: TurnTimeline): string | undefined {
  if (outcome === 'lost') return SESSION_LOST;
  if (outcome !== 'failed') return undefined;
  const failure = responses.findLast((response) => response.outcome?.failure)?.outcome?.failure;
  return codeWord(failure?.code ?? 'failed');
}

/** Undefined where nothing is known to have a cost, or that of a part is not known. */
function costUsd({ responses }: TurnTimeline): number | undefined {
  const charged = responses.flatMap(({ outcome }) => (outcome?.usage ? [outcome.costUsd] : []));
  if (charged.length === 0) return undefined;
  return charged.reduce((sum, cost) => (sum === undefined || cost === undefined ? undefined : sum + cost), 0);
}

function whole(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms);
}
