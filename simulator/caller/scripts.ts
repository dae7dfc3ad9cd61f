import { type CallerScript } from './caller-script.js';

/** What the caller of the demo keys in when asked: four digits and the key that ends them. */
export const BOOKING_KEYS = { digits: '4711', terminator: '#' } as const;

/** Far longer than any goodbye. */
const LONGEST_GOODBYE_MS = 15_000;

/** The call of the demo: ask, cut the long answer off, key in some digits, thank; the assistant is to hang up. */
export const BOOKING_CALL: CallerScript = {
  name: 'booking with an interruption',
  steps: [
    { say: 'caller-booking', after: 'assistant-finished' },
    { say: 'caller-interruption', interruptAfterMs: 2500 },
    { press: `${BOOKING_KEYS.digits}${BOOKING_KEYS.terminator}`, after: 'assistant-finished' },
    { say: 'caller-goodbye', after: 'assistant-finished' },
    { wait: 'hung-up', orHangUp: true, timeoutMs: LONGEST_GOODBYE_MS },
  ],
};
