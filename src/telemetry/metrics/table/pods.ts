import { metricGroup, oneOf } from '../metric-spec.js';

export const PODS = metricGroup('Pods', {
  'parley.draining': {
    kind: 'up-down',
    unit: '{pod}',
    description: '1 while the pod is leaving: it takes no new calls.',
    attributes: {},
  },
  'parley.pods.others': {
    kind: 'gauge',
    unit: '{pod}',
    description:
      'Other pods as this one hears of them. Pods that do not agree on their number cannot reach each other.',
    attributes: { state: oneOf(['alive', 'silent']) },
  },
  'parley.leases.held': {
    kind: 'up-down',
    unit: '{lease}',
    description: 'Calls that this pod owns in the directory: as many as `parley.calls.owned`, but for a moment.',
    attributes: {},
  },
  'parley.calls.owned': {
    kind: 'up-down',
    unit: '{call}',
    description:
      'Calls here that have had their media stream here, those too that were transferred and are followed to their end.',
    attributes: {},
  },
  'parley.calls.taken_up': {
    kind: 'counter',
    unit: '{call}',
    description: 'Calls that came from another pod in the middle of them: it was gone, or handed them over.',
    attributes: {},
  },
  'parley.calls.left': {
    kind: 'counter',
    unit: '{call}',
    description: 'Calls that were here and go on elsewhere.',
    attributes: {},
  },
  'parley.calls.moved': {
    kind: 'counter',
    unit: '{move}',
    description: 'Times that a media stream was asked for again, so that a call can go on on another pod.',
    attributes: {},
  },
  'parley.webhooks.forwarded': {
    kind: 'counter',
    unit: '{webhook}',
    description: 'Webhooks that were given to the pod that has their call.',
    attributes: {},
  },
  'parley.streams.relayed': {
    kind: 'counter',
    unit: '{stream}',
    description: 'Media sockets that were given to the pod that has their call.',
    attributes: {},
  },
  'parley.relays.active': {
    kind: 'up-down',
    unit: '{stream}',
    description: 'Media sockets that pass through this pod just now.',
    attributes: {},
  },
  'parley.directory.available': {
    kind: 'up-down',
    unit: '{directory}',
    description:
      '1 while the call directory (Redis) answers. Calls go on without it; pods do not find each other’s calls.',
    attributes: {},
  },
  'parley.peers.refused': {
    kind: 'counter',
    unit: '{request}',
    description:
      'Requests to this pod that were not signed by one of the deployment: other secrets, clocks that differ, or a stranger.',
    attributes: {},
  },
});
