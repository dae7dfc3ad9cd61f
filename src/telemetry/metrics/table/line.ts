import { FRAME_WORK_S } from '../buckets.js';
import { metricGroup, oneOf } from '../metric-spec.js';

export const LINE = metricGroup('Line', {
  'parley.streams.active': {
    kind: 'up-down',
    unit: '{stream}',
    description: 'Media streams that are served here.',
    attributes: {},
  },
  'parley.streams.started': {
    kind: 'counter',
    unit: '{stream}',
    description: 'Media streams that began here; a call has more than one where a socket was lost.',
    attributes: {},
  },
  'parley.streams.refused': {
    kind: 'counter',
    unit: '{stream}',
    description: 'Media sockets refused at the upgrade, because of their token.',
    attributes: {},
  },
  'parley.line.frames': {
    kind: 'counter',
    unit: '{frame}',
    description:
      "Frames of audio: callers' that came in (Telnyx sends 50 a second and call), and the assistant's that went out, in larger pieces.",
    attributes: { direction: oneOf(['in', 'out']) },
  },
  'parley.line.gaps': {
    kind: 'counter',
    unit: '{gap}',
    description: 'Times that frames were missing and were given up.',
    attributes: {},
  },
  'parley.line.padded': {
    kind: 'counter',
    unit: 's',
    description: "Silence put in for callers' audio that never came.",
    attributes: {},
  },
  'parley.line.reordered': {
    kind: 'counter',
    unit: '{frame}',
    description: 'Frames that came after a later one, in time to be put right.',
    attributes: {},
  },
  'parley.line.late': {
    kind: 'counter',
    unit: '{frame}',
    description: 'Frames that were dropped, because they came after their place had been given up, or twice.',
    attributes: {},
  },
  'parley.line.invalid_frames': {
    kind: 'counter',
    unit: '{frame}',
    description: 'Frames of Telnyx that could not be read.',
    attributes: {},
  },
  'parley.line.unknown_frames': {
    kind: 'counter',
    unit: '{frame}',
    description: 'Frames of Telnyx whose kind Parley does not know.',
    attributes: {},
  },
  'parley.line.added_delay': {
    kind: 'histogram',
    unit: 's',
    description:
      "How long a frame of the caller's stays in the process: from being read from Telnyx's socket to being written to the model's. One frame a second is looked at. The wait for a late event loop is not in it: see `nodejs.eventloop.delay.p99`.",
    attributes: {},
    buckets: FRAME_WORK_S,
  },
});
