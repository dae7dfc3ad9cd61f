import { END_REASONS } from '../../../calls/end-reason.js';
import { CALLS_S } from '../buckets.js';
import { metricGroup, oneOf } from '../metric-spec.js';
import { OVERFLOWS, REJECTIONS } from '../reasons.js';

/** Both values are always there; the one that does not apply has 0, so that sums over pods need no special case. */
export const DRAINING = oneOf(['true', 'false'], 'whether the pod is leaving');

export const CALLS = metricGroup('Calls', {
  'parley.calls.active': {
    kind: 'up-down',
    unit: '{call}',
    description: 'Calls that are being answered or carried.',
    attributes: { draining: DRAINING },
  },
  'parley.calls.limit': {
    kind: 'up-down',
    unit: '{call}',
    description: 'Calls that may be carried at once: MAX_CALLS.',
    attributes: { draining: DRAINING },
  },
  'parley.calls.held': {
    kind: 'up-down',
    unit: '{call}',
    description:
      'Calls that need this process: active ones, those on their way to OVERFLOW_NUMBER, those whose end or report is awaited, and media streams that are relayed to another pod. A draining pod leaves at 0.',
    attributes: {},
  },
  'parley.calls.answered': {
    kind: 'counter',
    unit: '{call}',
    description: "Calls whose answer Telnyx took. Those it did not take are ended with the reason 'answer-failed'.",
    attributes: {},
  },
  'parley.calls.rejected': {
    kind: 'counter',
    unit: '{call}',
    description: 'Calls rejected as busy.',
    attributes: { reason: oneOf(REJECTIONS) },
  },
  'parley.calls.overflowed': {
    kind: 'counter',
    unit: '{call}',
    description: 'Calls sent to OVERFLOW_NUMBER, because this pod could not take them.',
    attributes: { reason: oneOf(OVERFLOWS) },
  },
  'parley.calls.ended': {
    kind: 'counter',
    unit: '{call}',
    description: 'Calls that ended here, by what ended them. Calls that went on elsewhere are not in it.',
    attributes: { reason: oneOf(END_REASONS) },
  },
  'parley.call.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'From the announcement of a call to its end, over all pods that had it.',
    attributes: {},
    buckets: CALLS_S,
  },
  'parley.transfers.begun': {
    kind: 'counter',
    unit: '{transfer}',
    description: "Transfers: the assistant's, and those to FALLBACK_NUMBER.",
    attributes: {},
  },
  'parley.transfers.failed': {
    kind: 'counter',
    unit: '{transfer}',
    description: 'Transfers after which the caller was back with the assistant.',
    attributes: {},
  },
});
