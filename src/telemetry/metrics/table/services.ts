import { REQUESTS_S } from '../buckets.js';
import { ifFailed, known, metricGroup, oneOf } from '../metric-spec.js';
import { COMMAND_FAILURES } from '../reasons.js';

export const TELNYX_ACTIONS = [
  'answer',
  'reject',
  'hangup',
  'speak',
  'transfer',
  'send_dtmf',
  'streaming_start',
  'streaming_stop',
] as const;
export type TelnyxAction = (typeof TELNYX_ACTIONS)[number];

export const SERVICES = metricGroup('Webhooks, commands, reports', {
  'http.server.request.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'How long Telnyx waits for our answer to a webhook. The work comes after the answer.',
    attributes: {
      'http.request.method': oneOf(['POST']),
      'http.route': oneOf(['/webhooks']),
      'http.response.status_code': known('of HTTP'),
    },
    buckets: REQUESTS_S,
  },
  'parley.webhooks.received': {
    kind: 'counter',
    unit: '{webhook}',
    description: 'Webhooks that came, of whatever kind.',
    attributes: {},
  },
  'parley.webhooks.unused': {
    kind: 'counter',
    unit: '{webhook}',
    description:
      'Webhooks of which nothing came: their signature was not good, they could not be read, came before, are of no use here, or working on them failed.',
    attributes: { reason: oneOf(['signature', 'unreadable', 'duplicate', 'no-use', 'failed']) },
  },
  'parley.telnyx.command.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'How long Telnyx took for a Call Control command, tries again included.',
    attributes: { action: oneOf(TELNYX_ACTIONS), 'error.type': ifFailed(COMMAND_FAILURES) },
    buckets: REQUESTS_S,
  },
  'parley.reports': {
    kind: 'counter',
    unit: '{report}',
    description: 'Reports of calls: delivered, given up or refused, or dropped for want of room or time.',
    attributes: { outcome: oneOf(['delivered', 'failed', 'dropped']) },
  },
});
