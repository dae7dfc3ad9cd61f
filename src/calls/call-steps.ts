import { type TransferFailure } from '../conversation/call.port.js';
import { type CallEffect, type CallRules, type CallState, type SecondLeg, type Step } from './call-events.js';
import { type EndReason, isFailure } from './end-reason.js';

/** A stream that keeps failing soon after it started is given up after this many in one call. */
const MAX_ATTEMPTS = 20;

/** No stream, or no more: ask Telnyx for another, unless that has been tried enough. */
export function restart(state: CallState, rules: CallRules): Step {
  // Before the first stream one more try is worth it; a caller who never heard anything is not kept waiting longer.
  const allowed = state.streamed ? rules.maxRestarts : Math.min(1, rules.maxRestarts);
  if (state.tries >= allowed || state.attempt >= MAX_ATTEMPTS) {
    // A second leg of which nothing was heard, and a call that takes no stream: they are talking to each other.
    if (state.returning !== undefined && state.secondLeg === 'dialled') return handOver(state);
    return end(state, state.streamed ? 'media-stream-lost' : 'no-media-stream', rules.failure.sentence, rules);
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

/** Ends the call, or hands it to the fallback where the reason is a failure and there is one. */
export function end(state: CallState, reason: EndReason, sentence: string | undefined, rules: CallRules): Step {
  const over: CallState = { ...state, endReason: reason, returning: undefined };
  const fallbackTo = fallbackOf(over, rules);
  if (sentence === undefined) return fallbackTo === undefined ? hangUp(over, reason) : transfer(over, fallbackTo);
  return say(over, fallbackTo === undefined ? sentence : rules.failure.sentence);
}

/** Has Telnyx say something; what follows is in the state. */
export function say(state: CallState, sentence: string): Step {
  return [
    { ...state, phase: 'saying' },
    [
      { do: 'say-sentence', sentence },
      { do: 'wait', for: 'sentence' },
    ],
  ];
}

/** Where a call goes that ends for the reason it has; undefined: it is hung up. */
export function fallbackOf(state: CallState, rules: CallRules): string | undefined {
  return state.endReason !== undefined && isFailure(state.endReason) ? rules.failure.fallbackTo : undefined;
}

export function transfer(state: CallState, to: string): Step {
  const number = state.transfers + 1;
  return [
    {
      ...state,
      phase: 'transferring',
      transfers: number,
      secondLeg: 'asked',
      announced: undefined,
      returning: undefined,
    },
    [
      { do: 'transfer', to, transfer: number },
      { do: 'wait', for: 'second-leg' },
    ],
  ];
}

/** The caller talks to somebody else. */
export function handOver(state: CallState): Step {
  return [
    { ...state, phase: 'transferred', secondLeg: 'answered', returning: undefined },
    [{ do: 'hand-over' }, { do: 'wait', for: 'transferred' }],
  ];
}

/** The transfer came to nothing: the assistant takes the caller back; where it could not go on, the call is over. */
export function takeBack(state: CallState, why: TransferFailure, secondLeg: SecondLeg, rules: CallRules): Step {
  if (state.endReason !== undefined) return hangUp({ ...state, secondLeg }, state.endReason);
  return restart({ ...state, phase: 'interrupted', tries: 0, secondLeg, returning: why }, rules);
}

export function hangUp(state: CallState, reason: EndReason): Step {
  return [{ ...state, phase: 'ending', endReason: reason }, [{ do: 'hang-up' }, { do: 'wait', for: 'hangup' }]];
}

export function over(state: CallState, reason: EndReason): Step {
  return [
    { ...state, phase: 'ended', endReason: state.endReason ?? reason, returning: undefined },
    [{ do: 'stop-waiting' }, { do: 'release' }],
  ];
}

/** The first leg is over. */
export function hungUp(state: CallState, byCaller: boolean): Step {
  if (state.secondLeg === 'answered') return over(state, 'transferred');
  return over(state, byCaller ? 'caller-hung-up' : 'remote-hung-up');
}

/** What is to be done for a call that another pod has brought so far. Where it waits for a stream, one is under way. */
export function effectsOfTakingUp({ phase }: CallState): CallEffect[] {
  switch (phase) {
    case 'ringing':
    case 'answered':
      return [{ do: 'wait', for: 'first-stream' }];
    case 'streaming':
    case 'interrupted':
      return [{ do: 'wait', for: 'restarted-stream' }];
    case 'transferring':
      return [{ do: 'wait', for: 'second-leg' }];
    case 'transferred':
      return [{ do: 'wait', for: 'transferred' }];
    case 'saying':
      return [{ do: 'wait', for: 'sentence' }];
    case 'ending':
      return [{ do: 'hang-up' }, { do: 'wait', for: 'hangup' }];
    case 'ended':
      return [{ do: 'release' }];
  }
}
