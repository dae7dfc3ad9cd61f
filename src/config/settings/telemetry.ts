import { oneOf, SECRET_MIN_CHARACTERS, signingSecret } from '../schemas.js';
import { settings } from '../setting.js';

export const telemetry = settings({
  TRACE_NUMBERS: {
    meaning:
      'How phone numbers stand in traces: `hashed` (keyed, so that nobody can try numbers out; `npm run hash-number` prints the hash of one), `plain`, or `off`.',
    schema: oneOf(['hashed', 'plain', 'off']),
    default: 'hashed',
  },
  TRACE_CONTENT: {
    meaning: "`on`: what was said, and tools' arguments and results, stand in traces. Callers have to know.",
    schema: oneOf(['off', 'on']),
    default: 'off',
  },
  NUMBER_HASH_SECRET: {
    meaning: `Key of the hashes of phone numbers, at least ${SECRET_MIN_CHARACTERS} characters. Changing it changes all hashes.`,
    schema: signingSecret(),
    fromFile: 'secret',
    defaultNote: 'derived from `STREAM_TOKEN_SECRET`',
  },
});
