import { voice } from '../models.js';
import { decimal, fromText, integer, onOff, oneOf, problem, text, type Problem } from '../schemas.js';
import { settings } from '../setting.js';

/** The greeting says that it is an AI: many callers must be told by law, and all of them should know. */
const GREETING = "Hello! I'm an AI assistant. How can I help you today?";

const INSTRUCTIONS =
  'You are a friendly assistant on a phone call. Keep answers to one or two short sentences and ask one question at a time. ' +
  'Speak plainly: no lists, no links, no emoji. If you did not understand, say so and ask again. ' +
  "Answer in the caller's language. Never claim to be human.";

const languages = fromText((value): string[] | Problem => {
  const codes = value.split(',').map((code) => code.trim().toLowerCase());
  return codes.every((code) => /^[a-z]{2,3}$/.test(code))
    ? codes
    : problem('must be ISO 639 language codes with commas between, like en,de');
});

const maxOutputTokens = fromText((value): number | 'inf' | Problem => {
  if (value === 'inf') return value;
  const tokens = Number(value);
  return /^\d+$/.test(value) && tokens >= 1 && tokens <= 4096
    ? tokens
    : problem('must be a whole number from 1 to 4096, or inf');
});

export const assistant = settings({
  VOICE: {
    meaning:
      "The assistant's voice: a Realtime voice (`marin` and `cedar` are OpenAI's best) or a custom `voice_…` id.",
    schema: voice,
    default: 'marin',
  },
  VOICE_SPEED: { meaning: 'How fast the assistant speaks; 1 is natural.', schema: decimal(0.25, 1.5), default: '1' },
  INSTRUCTIONS: {
    meaning: 'What the assistant is and how it behaves. Long ones are easier as INSTRUCTIONS_FILE.',
    schema: text(),
    default: INSTRUCTIONS,
    fromFile: 'text',
  },
  GREETING: {
    meaning: 'What the assistant says first; `off`: it waits for the caller to speak. Say that it is an AI.',
    schema: text(),
    default: GREETING,
  },
  GREETING_PROTECTED: {
    meaning: '`on`: speech does not interrupt the greeting (for lines with echo or noise).',
    schema: onOff(),
    default: 'off',
  },
  INTERRUPT_MIN_SPEECH_MS: {
    meaning: 'Speech must last this long to interrupt the assistant; 0: the model decides at once.',
    schema: integer(0, 3000, 'ms'),
    default: '0',
  },
  VAD: {
    meaning: 'How the end of what the caller says is found: `server_vad` by silence, `semantic_vad` by meaning.',
    schema: oneOf(['server_vad', 'semantic_vad']),
    default: 'server_vad',
  },
  VAD_THRESHOLD: {
    meaning: 'With `server_vad`: how loud speech must be, 0 to 1; higher for noisy lines.',
    schema: decimal(0, 1),
    default: '0.5',
  },
  VAD_PREFIX_PADDING_MS: {
    meaning: 'With `server_vad`: audio from before the detected start that belongs to the speech.',
    schema: integer(0, 2000, 'ms'),
    default: '300',
  },
  VAD_SILENCE_MS: {
    meaning:
      'With `server_vad`: silence that ends what the caller says; shorter answers sooner and cuts in more often.',
    schema: integer(100, 5000, 'ms'),
    default: '500',
  },
  VAD_EAGERNESS: {
    meaning: 'With `semantic_vad`: `low` waits up to 8 s, `medium` and `auto` 4 s, `high` 2 s.',
    schema: oneOf(['low', 'medium', 'high', 'auto']),
    default: 'auto',
  },
  NOISE_REDUCTION: {
    meaning: 'Filter before the model hears: `near_field` for handsets, `far_field` for speakerphones.',
    schema: oneOf(['off', 'near_field', 'far_field']),
    default: 'off',
  },
  TRANSCRIPTION_MODEL: {
    meaning: 'Model that writes down what the caller says (charged on its own); `off`: none.',
    schema: fromText((value) =>
      /^[\w.:/-]+$/.test(value) ? value : problem('is no model name; give gpt-transcribe or off'),
    ),
    default: 'gpt-transcribe',
  },
  TRANSCRIPTION_LANGUAGES: {
    meaning: 'Languages to expect, as ISO 639 codes with commas between (`en,de`).',
    schema: languages,
    defaultNote: 'any',
  },
  REASONING_EFFORT: {
    meaning: 'How long the model thinks before it speaks; more is slower. Only models of generation 2 take it.',
    schema: oneOf(['minimal', 'low', 'medium', 'high', 'xhigh']),
    defaultNote: "the model's own",
  },
  MAX_OUTPUT_TOKENS: {
    meaning: 'Longest answer, 1 to 4096 tokens or `inf`. A second of speech is 20 tokens.',
    schema: maxOutputTokens,
    default: '4096',
  },
});
