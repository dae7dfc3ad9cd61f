import { integer, oneOf, text } from '../schemas.js';
import { settings } from '../setting.js';

export const sentences = settings({
  SENTENCE_SORRY: {
    meaning: 'What the caller hears before a hang-up when something broke.',
    schema: text(),
    default: "I'm sorry, something went wrong on our side. Please call again in a moment. Goodbye.",
  },
  SENTENCE_FALLBACK: {
    meaning: 'What the caller hears instead of SENTENCE_SORRY when FALLBACK_NUMBER is set.',
    schema: text(),
    default: "I'm sorry, something went wrong on our side. I'm connecting you with someone who can help.",
  },
  SENTENCE_WAIT: {
    meaning: 'What the caller hears when the assistant cannot answer for a moment, see WAIT_SIGNAL.',
    schema: text(),
    default: 'One moment, please.',
  },
  SENTENCE_TRANSFER: {
    meaning: 'What the caller hears before a transfer that the assistant did not announce itself.',
    schema: text(),
    default: 'I am putting you through. One moment, please.',
  },
  SENTENCE_IDLE: {
    meaning: 'The goodbye when the caller has not said anything.',
    schema: text(),
    default: 'I cannot hear you, so I will end this call. Please call again any time. Goodbye.',
  },
  SENTENCE_TIME_UP: {
    meaning: 'The goodbye at the end of the longest call.',
    schema: text(),
    default: 'Our time is up, so I have to end this call now. Please call again any time. Goodbye.',
  },
  SENTENCE_GOODBYE: {
    meaning: 'The goodbye at any other limit of a call.',
    schema: text(),
    default: 'I have to end this call now. Thank you for calling. Goodbye.',
  },
  WAIT_SIGNAL: {
    meaning:
      'What fills a wait for the model or a tool: `speech` has Telnyx say SENTENCE_WAIT beside the media stream (a soft tone where Telnyx refuses that), `tone` only the tone, `off` nothing.',
    schema: oneOf(['speech', 'tone', 'off']),
    default: 'speech',
  },
  WAIT_SIGNAL_AFTER_MS: {
    meaning: 'How long a wait may be silent.',
    schema: integer(500, 60_000, 'ms'),
    default: '2000',
  },
});
