import { type CallerScript } from './caller-script.js';

/** The call of the demo: ask, cut the long answer off, thank, hang up. */
export const BOOKING_CALL: CallerScript = {
  name: 'booking with an interruption',
  steps: [
    { say: 'caller-booking', after: 'assistant-finished' },
    { say: 'caller-interruption', interruptAfterMs: 2500 },
    { say: 'caller-goodbye', after: 'assistant-finished' },
    { hangUp: true, after: 'assistant-finished' },
  ],
};
