import { integer } from '../schemas.js';
import { settings } from '../setting.js';

/** Telnyx cuts every call off after four hours; no drain has to wait longer. */
const LONGEST_CALL_S = 14_400;

export const drain = settings({
  DRAIN_HANDOVER_AFTER: {
    meaning:
      'Seconds after SIGTERM from which on a pod hands calls that still go on over to other pods, at a quiet moment; 0: at once. Needs Redis.',
    schema: integer(0, LONGEST_CALL_S, 's'),
    default: '180',
  },
  DRAIN_DEADLINE: {
    meaning:
      'Seconds after SIGTERM at which calls that no other pod could take are ended with SENTENCE_SORRY. Keep it below terminationGracePeriodSeconds.',
    schema: integer(0, LONGEST_CALL_S, 's'),
    default: '3600',
  },
});
