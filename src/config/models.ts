import { fromText, problem, type Problem } from './schemas.js';

/** The model that is current when this version was made. */
export const CURRENT_MODEL = 'gpt-realtime-2.1';

/** OpenAI's Realtime voices; marin and cedar are the ones it recommends. */
export const VOICES = [
  'alloy',
  'ash',
  'ballad',
  'cedar',
  'coral',
  'echo',
  'marin',
  'sage',
  'shimmer',
  'verse',
] as const;
const SPEECH_API_VOICES = ['fable', 'onyx', 'nova'];

/** VOICE: a Realtime voice, or the id of a custom one. */
export const voice = fromText((text) => {
  if ((VOICES as readonly string[]).includes(text) || /^voice_[A-Za-z0-9_-]+$/.test(text)) return text;
  const choices = `the Realtime voices are ${VOICES.join(', ')}, or a custom voice's id (voice_…)`;
  if (SPEECH_API_VOICES.includes(text)) return problem(`is a voice of the speech (TTS) API only; ${choices}`);
  const lower = text.toLowerCase();
  if ((VOICES as readonly string[]).includes(lower)) return problem(`must be in lower case: ${lower}`);
  return problem(`is no voice; ${choices}`);
});

/** OPENAI_REALTIME_MODEL: any name, except those known not to work. (On Azure it is a deployment, named by its owner.) */
export const realtimeModel = fromText((text): string | Problem => {
  if (!/^[\w.:/-]+$/.test(text)) return problem(`is no model name; the current model is ${CURRENT_MODEL}`);
  return text;
});

/** Why OpenAI does not serve this model in a realtime session, or undefined when it may. */
export function modelProblem(model: string): string | undefined {
  if (/^gpt-4o(-mini)?-realtime/.test(model)) return `is a beta model that was shut down; use ${CURRENT_MODEL}`;
  if (/^gpt-live/.test(model)) return `is a model of the Live API, which is not spoken here; use ${CURRENT_MODEL}`;
  if (/^gpt-realtime-(translate|whisper)/.test(model)) return `only translates or transcribes; use ${CURRENT_MODEL}`;
  if (/^(gpt-audio|gpt-4o|gpt-5|whisper|tts)/.test(model)) return `is no realtime model; use ${CURRENT_MODEL}`;
  return undefined;
}

/** What an operator should know about a model that still works, or undefined. */
export function modelWarning(model: string): string | undefined {
  if (/^gpt-realtime(-mini)?(-\d{4}-\d{2}-\d{2})?$/.test(model)) {
    return `is deprecated and will be shut down on 2027-01-20; use ${CURRENT_MODEL}${model.includes('mini') ? '-mini' : ''}`;
  }
  return undefined;
}

/** `reasoning` is refused by the models before generation 2. */
export function reasons(model: string): boolean {
  return !/^gpt-realtime(-1\.5|-mini)?(-\d{4}-\d{2}-\d{2})?$/.test(model);
}

export function transcriptionModelWarning(model: string): string | undefined {
  return /^(whisper-1|gpt-4o(-mini)?-transcribe)/.test(model)
    ? 'will be shut down on 2027-02-26; use gpt-transcribe'
    : undefined;
}
