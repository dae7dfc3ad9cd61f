/**
 * The life of a call as a pure function: what is known, and something that happened, give what is known next and what is
 * to be done. Webhooks, sockets and timers come in any order, twice or never; every state accepts every event.
 *
 *   ringing ─► answered ─► streaming ◄─► interrupted
 *      └──────────┴────────────┴──► saying ─► ending ─► ended
 */
export type CallPhase =
  /** `call.initiated` came; the answer is on its way. */
  | 'ringing'
  /** Answered; no media stream yet. */
  | 'answered'
  | 'streaming'
  /** The media stream was lost; the conversation waits for the next one. */
  | 'interrupted'
  /** A last sentence is being spoken by Telnyx. */
  | 'saying'
  /** Hang-up was ordered. */
  | 'ending'
  | 'ended';

/** Why a call ended, for logs, spans and metrics. */
export type EndReason =
  | 'caller-hung-up'
  | 'remote-hung-up'
  | 'assistant-hung-up'
  | 'answer-failed'
  | 'no-media-stream'
  | 'media-stream-lost'
  | 'codec-unsupported'
  | 'media-frames-broken'
  | 'media-overflow'
  | 'model-unavailable'
  | 'model-lost'
  | 'pod-overloaded'
  | 'shutdown'
  | 'internal-error';

export interface CallState {
  phase: CallPhase;
  /** Number of the media stream last asked for: 0 with the answer, one more with every `streaming_start`. */
  attempt: number;
  /** Streams asked for since the last one that worked. */
  tries: number;
  /** Whether the call ever had a media stream. */
  streamed: boolean;
  endReason: EndReason | undefined;
}

export type CallEvent =
  | { type: 'answer-accepted' }
  /** Telnyx refused the answer; `gone`: because the call is over already. */
  | { type: 'answer-refused'; gone: boolean }
  | { type: 'answered' }
  /** A media socket sent a good `start`. */
  | { type: 'stream-started' }
  /** The media socket closed, with or without `stop` before it. */
  | { type: 'stream-lost' }
  | { type: 'stream-failed' }
  /** `streaming_start` was refused; `gone`: because the call is over already. */
  | { type: 'stream-refused'; gone: boolean }
  | { type: 'waited'; for: Wait }
  /** We want the call to end, after a sentence if there is one to say. */
  | { type: 'end'; reason: EndReason; sentence: boolean }
  | { type: 'sentence-over' }
  | { type: 'hangup'; byCaller: boolean };

/** What a call may be waiting for; one thing at a time, and never without an end. */
export type Wait = 'first-stream' | 'redial' | 'restarted-stream' | 'sentence' | 'hangup';

export type CallEffect =
  /** Start waiting, instead of what was waited for before. */
  | { do: 'wait'; for: Wait }
  | { do: 'stop-waiting' }
  | { do: 'start-stream'; attempt: number }
  | { do: 'say-sentence' }
  | { do: 'hang-up' }
  /** The call is over: let go of everything it holds. */
  | { do: 'release' };

export interface CallLimits {
  /** Streams asked for in a row before the call is given up. */
  maxRestarts: number;
}

/** A stream that keeps failing soon after it started is given up after this many in one call. */
const MAX_ATTEMPTS = 20;

export const INITIAL_CALL_STATE: CallState = {
  phase: 'ringing',
  attempt: 0,
  tries: 0,
  streamed: false,
  endReason: undefined,
};

type Step = [CallState, CallEffect[]];

export function nextCallState(state: CallState, event: CallEvent, limits: CallLimits): Step {
  if (state.phase === 'ended') return [state, []];
  if (event.type === 'hangup') {
    const reason = state.endReason ?? (event.byCaller ? 'caller-hung-up' : 'remote-hung-up');
    return over(state, reason);
  }
  if (state.phase === 'ending') {
    return event.type === 'waited' && event.for === 'hangup'
      ? over(state, state.endReason ?? 'internal-error')
      : [state, []];
  }
  if (state.phase === 'saying') {
    const cutShort = event.type === 'end' && !event.sentence;
    const done = event.type === 'sentence-over' || (event.type === 'waited' && event.for === 'sentence') || cutShort;
    return done ? hangUp(state, state.endReason ?? 'internal-error') : [state, []];
  }
  switch (event.type) {
    case 'end':
      return end(state, event.reason, event.sentence);
    case 'answer-refused':
      if (event.gone) return over(state, 'caller-hung-up');
      // A webhook or a stream says that the call was answered: only the reply to the command was lost.
      return state.phase === 'ringing' ? hangUp(state, 'answer-failed') : [state, []];
    case 'answer-accepted':
    case 'answered':
      return state.phase === 'ringing'
        ? [{ ...state, phase: 'answered' }, [{ do: 'wait', for: 'first-stream' }]]
        : [state, []];
    case 'stream-started':
      return [{ ...state, phase: 'streaming', tries: 0, streamed: true }, [{ do: 'stop-waiting' }]];
    case 'stream-lost':
      return state.phase === 'streaming'
        ? [{ ...state, phase: 'interrupted' }, [{ do: 'wait', for: 'redial' }]]
        : [state, []];
    case 'stream-failed':
      // While a socket is alive this is news of an older one.
      return state.phase === 'streaming' ? [state, []] : restart(state, limits);
    case 'stream-refused':
      return event.gone ? over(state, state.endReason ?? 'caller-hung-up') : restart(state, limits);
    case 'waited':
      return event.for === 'sentence' || event.for === 'hangup' || state.phase === 'streaming'
        ? [state, []]
        : restart(state, limits);
    case 'sentence-over':
      return [state, []];
  }
}

/** No stream, or no more: ask Telnyx for another, unless that has been tried enough. */
function restart(state: CallState, limits: CallLimits): Step {
  // Before the first stream one more try is worth it; a caller who never heard anything is not kept waiting longer.
  const allowed = state.streamed ? limits.maxRestarts : Math.min(1, limits.maxRestarts);
  if (state.tries >= allowed || state.attempt >= MAX_ATTEMPTS) {
    return end(state, state.streamed ? 'media-stream-lost' : 'no-media-stream', true);
  }
  const attempt = state.attempt + 1;
  return [
    { ...state, phase: state.streamed ? 'interrupted' : 'answered', attempt, tries: state.tries + 1 },
    [
      { do: 'start-stream', attempt },
      { do: 'wait', for: 'restarted-stream' },
    ],
  ];
}

function end(state: CallState, reason: EndReason, sentence: boolean): Step {
  if (!sentence) return hangUp(state, reason);
  return [{ ...state, phase: 'saying', endReason: reason }, [{ do: 'say-sentence' }, { do: 'wait', for: 'sentence' }]];
}

function hangUp(state: CallState, reason: EndReason): Step {
  return [{ ...state, phase: 'ending', endReason: reason }, [{ do: 'hang-up' }, { do: 'wait', for: 'hangup' }]];
}

function over(state: CallState, reason: EndReason): Step {
  return [{ ...state, phase: 'ended', endReason: reason }, [{ do: 'stop-waiting' }, { do: 'release' }]];
}
