import { type CallEvent, type CallRules, type CallState, type Step } from './call-events.js';
import { end, fallbackOf, handOver, hangUp, hungUp, over, restart, say, takeBack, transfer } from './call-steps.js';

/**
 * The life of a call as a pure function: what is known, and something that happened, give what is known next and what is
 * to be done. Webhooks, sockets and timers come in any order, twice or never; every state accepts every event.
 *
 *                                 ┌──► transferring ─► transferred
 *                                 │         │               │
 *   ringing ─► answered ─► streaming ◄─► interrupted        │
 *      └──────────┴────────────┴──► saying ─► ending ─► ended
 *
 * `saying` comes before a transfer too: one that Telnyx announces, and the one to the fallback after a failure. From
 * `transferring` on nothing of ours touches the call: the hang-up of the first leg ends it, and a second leg that fails
 * brings it back (or, after a failure, hangs it up). What is unknown of a second leg is decided for the least harm: the
 * assistant takes the caller back, and leaves again if the second leg turns out to have been answered; a call is never
 * hung up while the two may be talking.
 */
export function nextCallState(state: CallState, event: CallEvent, rules: CallRules): Step {
  if (state.phase === 'ended') return [state, []];
  if (event.type === 'hangup') return hungUp(state, event.byCaller);
  switch (state.phase) {
    case 'ending':
      return event.type === 'waited' && event.for === 'hangup' ? over(state, 'internal-error') : [state, []];
    case 'saying':
      return whileSaying(state, event, rules);
    case 'transferring':
      return whileTransferring(state, event, rules);
    case 'transferred':
      // Telnyx cuts every call off after four hours: a hang-up that was not told by then never will be.
      return event.type === 'waited' && event.for === 'transferred' ? over(state, 'transferred') : [state, []];
    default:
      return whileOurs(state, event, rules);
  }
}

function whileSaying(state: CallState, event: CallEvent, rules: CallRules): Step {
  if (event.type === 'end' && event.sentence === undefined) return hangUp(state, state.endReason ?? event.reason);
  if (event.type !== 'sentence-over' && !(event.type === 'waited' && event.for === 'sentence')) return [state, []];
  const to = state.announced ?? fallbackOf(state, rules);
  return to === undefined ? hangUp(state, state.endReason ?? 'internal-error') : transfer(state, to);
}

function whileTransferring(state: CallState, event: CallEvent, rules: CallRules): Step {
  switch (event.type) {
    case 'transfer-accepted':
      if (event.transfer !== state.transfers) return [state, []];
      // The ringing begins now, not when the command was sent.
      return [{ ...state, secondLeg: 'dialled' }, [{ do: 'wait', for: 'second-leg' }]];
    case 'transfer-refused':
      if (event.transfer !== state.transfers) return [state, []];
      if (event.gone) return hungUp(state, true);
      return takeBack(state, 'failed', event.certain ? 'over' : 'asked', rules);
    case 'second-leg-answered':
      return event.transfer === state.transfers ? handOver(state) : [state, []];
    case 'second-leg-over':
      if (event.transfer !== state.transfers) return [state, []];
      return takeBack(state, event.why, event.talked ? 'answered' : 'over', rules);
    case 'waited':
      if (event.for !== 'second-leg') return [state, []];
      // Nobody told. After a failure there is nothing to take the caller back to, and hanging up could cut off a talk.
      if (state.endReason !== undefined && state.secondLeg === 'dialled') return handOver(state);
      return takeBack(state, 'failed', state.secondLeg, rules);
    default:
      return [state, []];
  }
}

/** The call is with the assistant, or on its way there. */
function whileOurs(state: CallState, event: Exclude<CallEvent, { type: 'hangup' }>, rules: CallRules): Step {
  switch (event.type) {
    case 'end':
      return end(state, event.reason, event.sentence, rules);
    case 'answer-refused':
      if (event.gone) return hungUp(state, true);
      // A webhook or a stream says that the call was answered: only the reply to the command was lost.
      return state.phase === 'ringing' ? hangUp(state, 'answer-failed') : [state, []];
    case 'answer-accepted':
    case 'answered':
      return state.phase === 'ringing'
        ? [{ ...state, phase: 'answered' }, [{ do: 'wait', for: 'first-stream' }]]
        : [state, []];
    case 'stream-started':
      return streamStarted(state);
    case 'stream-lost':
      return state.phase === 'streaming'
        ? [{ ...state, phase: 'interrupted' }, [{ do: 'wait', for: 'redial' }]]
        : [state, []];
    case 'stream-failed':
      // While a socket is alive this is news of an older one; so it is when a later stream is on its way already.
      return state.phase === 'streaming' || (event.attempt ?? state.attempt) < state.attempt
        ? [state, []]
        : restart(state, rules);
    case 'stream-refused':
      return event.gone ? hungUp(state, true) : restart(state, rules);
    case 'transfer':
      if (!state.streamed) return [state, []];
      return event.sentence === undefined
        ? transfer(state, event.to)
        : say({ ...state, announced: event.to }, event.sentence);
    case 'second-leg-answered':
      return lateAnswer(state, event.transfer);
    case 'second-leg-over':
      return event.transfer === state.transfers ? [{ ...state, secondLeg: 'over' }, []] : [state, []];
    case 'waited':
      return STREAM_WAITS.has(event.for) && state.phase !== 'streaming' ? restart(state, rules) : [state, []];
    case 'transfer-accepted':
      // Telnyx took its time, and the caller is on the way back already.
      return event.transfer === state.transfers && state.secondLeg === 'asked'
        ? [{ ...state, secondLeg: 'dialled' }, []]
        : [state, []];
    case 'sentence-over':
    case 'transfer-refused':
      return [state, []];
  }
}

const STREAM_WAITS: ReadonlySet<string> = new Set(['first-stream', 'redial', 'restarted-stream']);

function streamStarted(state: CallState): Step {
  const { returning } = state;
  // A talk that seemed to have been, and was not: the caller is here.
  const secondLeg = state.secondLeg === 'answered' ? 'over' : state.secondLeg;
  return [
    { ...state, phase: 'streaming', tries: 0, streamed: true, secondLeg, returning: undefined },
    returning === undefined ? [{ do: 'stop-waiting' }] : [{ do: 'stop-waiting' }, { do: 'come-back', why: returning }],
  ];
}

/** The second leg was given up because nobody told of it, and was answered all the same: the assistant leaves them alone. */
function lateAnswer(state: CallState, number: number): Step {
  const open = state.secondLeg === 'asked' || state.secondLeg === 'dialled';
  if (number !== state.transfers || !open) return [state, []];
  const [next, effects] = handOver(state);
  return [next, [{ do: 'stop-stream' }, ...effects]];
}
