import { fromText, integer, oneOf, problem } from '../schemas.js';
import { settings } from '../setting.js';

export const keys = settings({
  KEYS: {
    meaning: '`on`: keys that the caller presses are told to the assistant.',
    schema: oneOf(['on', 'off']),
    default: 'on',
  },
  KEYS_SOURCE: {
    meaning:
      'Where keys come from: the `media` stream, the `webhook` `call.dtmf.received`, or `auto`: the media stream, and the webhook in calls where the stream brings none.',
    schema: oneOf(['auto', 'media', 'webhook']),
    default: 'auto',
  },
  KEYS_TERMINATOR: {
    meaning: 'The key that ends an entry, `#` or `*`; `none`: only the pause does.',
    schema: fromText((value) =>
      value === 'none' || /^[0-9*#]$/.test(value) ? value : problem('must be one key (0 to 9, * or #), or none'),
    ),
    default: '#',
  },
  KEYS_PAUSE_MS: {
    meaning: 'This long without another key ends an entry.',
    schema: integer(200, 30_000, 'ms'),
    default: '2000',
  },
});
