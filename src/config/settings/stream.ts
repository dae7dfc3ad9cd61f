import { fromText, integer, onOff, oneOf, problem, SECRET_MIN_CHARACTERS } from '../schemas.js';
import { signingSecrets } from '../secret-list.js';
import { settings } from '../setting.js';
import { publicUrl } from '../urls.js';

/** G.711 packets are 20 ms on the phone's side; a chunk that is no multiple leaves a torn packet at its end. */
const FRAME_MS = 20;

const chunkMs = fromText((value) => {
  const ms = Number(value);
  return /^\d+$/.test(value) && ms >= FRAME_MS && ms <= 400 && ms % FRAME_MS === 0
    ? ms
    : problem(`must be a multiple of ${FRAME_MS} from ${FRAME_MS} to 400 (ms)`);
});

export const stream = settings({
  PUBLIC_URL: {
    meaning:
      'Where Telnyx reaches this gateway, like `https://voice.example.com`; media streams come to the same place as `wss`.',
    schema: publicUrl,
    defaultNote: "the address that Telnyx's signed webhook was delivered to",
  },
  STREAM_AUTH: {
    meaning:
      '`token`: a media stream needs the signed token of its call; `off` lets anyone connect. Only for trying things out.',
    schema: oneOf(['token', 'off']),
    default: 'token',
  },
  STREAM_TOKEN_SECRET: {
    meaning: `Signs those tokens and what pods ask of each other, and seals what they keep of calls; at least ${SECRET_MIN_CHARACTERS} characters, the same on every pod. Several, newest first, separated by commas or new lines, while one replaces another.`,
    schema: signingSecrets,
    defaultNote: 'derived from TELNYX_API_KEY; required with Redis',
    fromFile: 'secret',
  },
  STREAM_TARGET_LEGS: {
    meaning:
      "Who hears the assistant, in Telnyx's words. `self` is the caller; try `opposite` when callers hear nothing.",
    schema: oneOf(['self', 'opposite', 'both']),
    default: 'self',
  },
  SEND_SILENCE_WHEN_IDLE: {
    meaning: 'Telnyx sends silence to the caller while the assistant is quiet, instead of no packets.',
    schema: onOff(),
    default: 'on',
  },
  STREAM_START_TIMEOUT_S: {
    meaning: 'A call answered this long ago without a media stream: started once more, then hung up.',
    schema: integer(1, 120, 's'),
    default: '10',
  },
  STREAM_REDIAL_WAIT_MS: {
    meaning: 'A media stream lost in mid-call: how long Telnyx has to connect again before the stream is started anew.',
    schema: integer(0, 30_000, 'ms'),
    default: '2000',
  },
  STREAM_MAX_RESTARTS: {
    meaning: "How often one call's media stream is started anew before the call is given up.",
    schema: integer(0, 10),
    default: '3',
  },
  PLAYOUT_LEAD_MS: {
    meaning:
      "How far the assistant's audio is sent ahead of the caller's ear. More survives a slower network, less leaves less behind at an interruption.",
    schema: integer(40, 1000, 'ms'),
    default: '200',
  },
  PLAYOUT_CHUNK_MS: {
    meaning:
      'Audio in one frame to Telnyx, a multiple of 20, at least 40 below PLAYOUT_LEAD_MS. Larger costs less CPU.',
    schema: chunkMs,
    default: '100',
  },
});
