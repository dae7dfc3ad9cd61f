import { CLIP_TEXTS, type ClipName, loadClip } from '../../audio/clips.js';
import { concat, silence } from '../../audio/signals.js';
import { BOOKING_KEYS, type TurnReport } from '../../caller/index.js';
import { ASSISTANT_CLIPS, bookingFor, type KnownItem } from '../cast.js';
import { type CallEvidence } from '../check-call.js';
import { type Loss } from '../connection-loss.js';

const HEARD_MS = 2700;
const HEARD_WORDS = 'On Thursday we have a table for four at half …';

export function turn(words: string, interrupts = false): TurnReport {
  return {
    ...{ words, fromMs: 0, toMs: 1, interrupts, answerMs: 800 },
    ...(interrupts && { silenceAfterInterruptionMs: 130 }),
  };
}

export function message(role: 'user' | 'assistant', text: string): KnownItem {
  return { type: 'message', role, text, medium: 'text' };
}

const KEYS = message('user', 'keys: 4 7 1 1 (ended by #)');

/** A lost connection that the gateway got over as it should. */
export function goodLoss(): Loss {
  const said = (clip: ClipName): KnownItem => message('assistant', CLIP_TEXTS[clip]);
  return {
    at: 1_000_000,
    sessionsUsed: 2,
    wasWarm: true,
    known: [{ ...message('user', ''), medium: 'audio' }, KEYS],
    told: [
      said('assistant-greeting'),
      message('user', CLIP_TEXTS['caller-booking']),
      message('assistant', HEARD_WORDS),
      message('user', CLIP_TEXTS['caller-interruption']),
      said('assistant-keys'),
      KEYS,
      { type: 'function_call', name: 'book_table', text: '', medium: 'text' },
      { type: 'function_call_output', output: '{"status":"booked"}', text: '', medium: 'text' },
      said('assistant-booked'),
      { type: 'message', role: 'system', text: 'Go on.', medium: 'text' },
    ],
    heardMs: 3100,
    sentenceMs: 3155,
    said: [CLIP_TEXTS['assistant-goodbye']],
  };
}

/** All that is known of a call of the demo in which everything went well. */
export function goodCall(): CallEvidence {
  const clips = ASSISTANT_CLIPS.map((clip) =>
    clip === 'assistant-answer-long' ? loadClip(clip).subarray(0, 8 * HEARD_MS) : loadClip(clip),
  );
  const answer = { at: 150, status: 200, body: { status: 'booked' } };
  const { digits, terminator } = BOOKING_KEYS;
  return {
    report: {
      script: 'booking',
      greetingMs: 400,
      turns: [
        turn(CLIP_TEXTS['caller-booking']),
        turn(CLIP_TEXTS['caller-interruption'], true),
        { ...turn(`${digits}${terminator}`), pressed: true },
        turn(CLIP_TEXTS['caller-goodbye']),
      ],
      endedBy: 'gateway',
      durationMs: 39_000,
      heard: [],
      problems: [],
    },
    died: undefined,
    explanation: undefined,
    interruption: {
      heardMs: HEARD_MS,
      generatedMs: 9766,
      gatewayHeardMs: 2690,
      truncatedAtMs: 2690,
      heardWords: HEARD_WORDS,
    },
    heard: concat(...clips.flatMap((clip) => [silence(500), clip])),
    webhooks: [{ event_type: 'call.initiated', status: 200, error: undefined }],
    commands: [{ action: 'answer', status: 200 }],
    gatewayLines: [
      { level: 30, time: 1, msg: 'the caller entered keys', keys: '4 keys' },
      { level: 40, time: 1_000_000, msg: 'model session lost' },
      { level: 30, time: 1_000_012, msg: 'the conversation goes on in a new session', resumes: 1 },
      { level: 30, time: 1_006_000, msg: 'call ended' },
    ],
    bookings: [{ at: 0, idempotencyKey: '143d4e85-5203-88cf-9f33-5654873ab9ee', booking: bookingFor(digits), answer }],
    model: { refused: [], loss: goodLoss() },
  };
}
