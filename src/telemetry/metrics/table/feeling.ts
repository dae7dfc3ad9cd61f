import { type TurnCause, type TurnOutcome } from '../../../conversation/observer.port.js';
import { WAITS_S } from '../buckets.js';
import { allOf, metricGroup, oneOf } from '../metric-spec.js';

export const TURN_CAUSES = allOf<TurnCause>({ greeting: true, caller: true, keys: true, note: true });
export const TURN_OUTCOMES = allOf<TurnOutcome>({
  heard: true,
  interrupted: true,
  skipped: true,
  failed: true,
  lost: true,
  over: true,
});

export const FEELING = metricGroup('What callers feel', {
  'parley.turns': {
    kind: 'counter',
    unit: '{turn}',
    description:
      'Turns that are over, by why the assistant spoke (or was to) and how it ended: heard to its end, interrupted, nothing to say, the model failed, its session was lost, the call was over.',
    attributes: { cause: oneOf(TURN_CAUSES), outcome: oneOf(TURN_OUTCOMES) },
  },
  'parley.turn.time_to_audio_sent': {
    kind: 'histogram',
    unit: 's',
    description:
      "From the end of the caller's words, as the model tells it, to the first audio of the answer on its way to the caller.",
    attributes: {},
    buckets: WAITS_S,
  },
  'parley.turn.time_to_audio_heard': {
    kind: 'histogram',
    unit: 's',
    description: "From the end of the caller's words to the first audio that the caller heard: the pause they feel.",
    attributes: {},
    buckets: WAITS_S,
  },
  'parley.greeting.delay': {
    kind: 'histogram',
    unit: 's',
    description:
      'From the beginning of the conversation (the media stream is there) to the first audio heard of the greeting.',
    attributes: {},
    buckets: WAITS_S,
  },
  'parley.barge_in.duration': {
    kind: 'histogram',
    unit: 's',
    description:
      'From the beginning of words that interrupt the assistant, as the model tells it, to the moment the line is silent.',
    attributes: {},
    buckets: WAITS_S,
  },
  'parley.playout.dropped': {
    kind: 'counter',
    unit: 's',
    description: 'Speech of the assistant that was made and never heard, because it was interrupted.',
    attributes: {},
  },
});
