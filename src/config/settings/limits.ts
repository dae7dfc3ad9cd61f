import { decimal, integer } from '../schemas.js';
import { settings } from '../setting.js';

export const limits = settings({
  MAX_CALLS: {
    meaning:
      'Calls at the same time on this pod; one more goes to a pod that has room, is rejected as busy, or sent to OVERFLOW_NUMBER.',
    schema: integer(1, 10_000),
    default: '100',
  },
  CALLER_CALLS_PER_MINUTE: {
    meaning:
      'Calls that one number may begin within a minute; more are rejected as busy. Withheld numbers are not counted together. 0: no limit.',
    schema: integer(0, 1_000),
    default: '20',
  },
  MAX_CALL_DURATION_S: {
    meaning: 'Longest call. The caller is told before, and hears a goodbye. Telnyx cuts every call off after 4 hours.',
    schema: integer(30, 14_400, 's'),
    default: '3600',
  },
  MAX_CALL_DURATION_NOTICE_S: {
    meaning: 'How long before the end of the longest call the assistant says so; 0: not at all.',
    schema: integer(0, 600, 's'),
    default: '60',
  },
  IDLE_PROMPT_AFTER_S: {
    meaning:
      'The caller says nothing for this long when it is their turn: the assistant asks whether they are there. 0: never.',
    schema: integer(0, 3600, 's'),
    default: '15',
  },
  IDLE_HANG_UP_AFTER_S: {
    meaning: 'Still nothing this long after the assistant asked: it says goodbye and hangs up. 0: never.',
    schema: integer(0, 3600, 's'),
    default: '15',
  },
  MAX_SILENCE_S: {
    meaning:
      'Neither side made a sound for this long, for whatever reason: goodbye, and the call is over. 0: no limit.',
    schema: integer(0, 3600, 's'),
    default: '90',
  },
  MAX_MONOLOGUE_S: {
    meaning:
      'The assistant speaks for this long without a pause: it is stopped and has to ask the caller; when it happens again, the call is over. 0: no limit.',
    schema: integer(0, 3600, 's'),
    default: '180',
  },
  MAX_CALL_COST_USD: {
    meaning: 'What the model may cost in one call, by PRICES; above it the call is ended with a goodbye. 0: no limit.',
    schema: decimal(0, 10_000),
    default: '0',
  },
  EVENT_LOOP_LAG_LIMIT_MS: {
    meaning: 'While the process is late by more than this, new calls are rejected as busy.',
    schema: integer(20, 10_000, 'ms'),
    default: '200',
  },
  MEMORY_LIMIT_PERCENT: {
    meaning:
      "While the process uses more than this share of its memory (the container's limit), new calls are rejected as busy.",
    schema: integer(10, 100, '%'),
    default: '85',
  },
});
