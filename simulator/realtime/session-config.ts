import { type AudioFormat, DEFAULT_FORMAT } from './audio-format.js';
import { paramError } from './param-error.js';
import { sessionUpdateSchema, type SessionUpdate } from './session-schema.js';
import { cannotUpdateVoice, invalidRequest } from './wire-errors.js';
import { type WireError } from './wire-types.js';

export interface ServerVadConfig {
  type: 'server_vad';
  threshold: number;
  prefix_padding_ms: number;
  silence_duration_ms: number;
  create_response: boolean;
  interrupt_response: boolean;
  idle_timeout_ms: number | null;
}

export interface SemanticVadConfig {
  type: 'semantic_vad';
  eagerness: 'low' | 'medium' | 'high' | 'auto';
  create_response: boolean;
  interrupt_response: boolean;
}

export type TurnDetection = ServerVadConfig | SemanticVadConfig;

type UpdateInput = NonNullable<NonNullable<SessionUpdate['audio']>['input']>;
type UpdateOutput = NonNullable<NonNullable<SessionUpdate['audio']>['output']>;
export type Voice = NonNullable<UpdateOutput['voice']>;

/** The whole effective configuration of a session, as `session.created` and `session.updated` show it. */
export interface SessionConfig {
  type: 'realtime';
  object: 'realtime.session';
  id: string;
  model: string;
  expires_at: number;
  output_modalities: ('text' | 'audio')[];
  instructions: string;
  audio: {
    input: {
      format: AudioFormat;
      transcription: NonNullable<UpdateInput['transcription']> | null;
      noise_reduction: NonNullable<UpdateInput['noise_reduction']> | null;
      turn_detection: TurnDetection | null;
    };
    output: { format: AudioFormat; voice: string; speed: number };
  };
  tools: NonNullable<SessionUpdate['tools']>;
  tool_choice: NonNullable<SessionUpdate['tool_choice']>;
  parallel_tool_calls?: boolean;
  reasoning?: NonNullable<SessionUpdate['reasoning']>;
  max_output_tokens: number | 'inf';
  truncation: NonNullable<SessionUpdate['truncation']>;
  tracing: NonNullable<SessionUpdate['tracing']> | null;
  include: 'item.input_audio_transcription.logprobs'[] | null;
  prompt: NonNullable<SessionUpdate['prompt']> | null;
}

function serverVadDefaults(silenceDurationMs: number): ServerVadConfig {
  return {
    type: 'server_vad',
    threshold: 0.5,
    prefix_padding_ms: 300,
    silence_duration_ms: silenceDurationMs,
    create_response: true,
    interrupt_response: true,
    idle_timeout_ms: null,
  };
}

/** What a session is before its first update: PCM at 24 kHz both ways, server VAD on, no transcription. */
export function initialSession(identity: {
  id: string;
  model: string;
  /** Epoch seconds at which the session ends. */
  expiresAt: number;
  silenceDurationMs: number;
}): SessionConfig {
  return {
    type: 'realtime',
    object: 'realtime.session',
    id: identity.id,
    model: identity.model,
    expires_at: identity.expiresAt,
    output_modalities: ['audio'],
    instructions: 'You are a helpful, friendly assistant that speaks with a warm voice.',
    audio: {
      input: {
        format: { ...DEFAULT_FORMAT },
        transcription: null,
        noise_reduction: null,
        turn_detection: serverVadDefaults(identity.silenceDurationMs),
      },
      output: { format: { ...DEFAULT_FORMAT }, voice: 'marin', speed: 1 },
    },
    tools: [],
    tool_choice: 'auto',
    max_output_tokens: 'inf',
    truncation: 'auto',
    tracing: null,
    include: null,
    prompt: null,
  };
}

function mergeTurnDetection(
  present: TurnDetection | null,
  update: UpdateInput['turn_detection'],
  silenceDurationMs: number,
): TurnDetection | null {
  if (update === undefined) return present;
  if (update === null) return null;
  if (update.type === 'semantic_vad') {
    const base: SemanticVadConfig =
      present?.type === 'semantic_vad'
        ? present
        : { type: 'semantic_vad', eagerness: 'auto', create_response: true, interrupt_response: true };
    return { ...base, ...withoutUndefined(update) };
  }
  const base = present?.type === 'server_vad' ? present : serverVadDefaults(silenceDurationMs);
  return { ...base, ...withoutUndefined(update) };
}

function withoutUndefined<T extends object>(value: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}

/** Absent keeps, null clears, an object overlays what is there. */
function overlay<T extends object>(present: T | null, update: T | null | undefined): T | null {
  if (update === undefined) return present;
  return update === null ? null : { ...present, ...update };
}

/** Only the fields that are present change; lists and formats are replaced as a whole. */
export function mergeSession(present: SessionConfig, update: SessionUpdate, silenceDurationMs: number): SessionConfig {
  const { audio, model: _immutable, ...flat } = update;
  const input = present.audio.input;
  const output = present.audio.output;
  return {
    ...present,
    ...withoutUndefined(flat),
    include: flat.include === undefined ? present.include : flat.include,
    prompt: flat.prompt === undefined ? present.prompt : flat.prompt,
    tracing: flat.tracing === undefined ? present.tracing : flat.tracing,
    audio: {
      input: {
        format: audio?.input?.format ?? input.format,
        transcription: overlay(input.transcription, audio?.input?.transcription),
        noise_reduction: overlay(input.noise_reduction, audio?.input?.noise_reduction),
        turn_detection: mergeTurnDetection(input.turn_detection, audio?.input?.turn_detection, silenceDurationMs),
      },
      output: {
        format: audio?.output?.format ?? output.format,
        voice: audio?.output?.voice === undefined ? output.voice : voiceName(audio.output.voice),
        speed: audio?.output?.speed ?? output.speed,
      },
    },
  };
}

/** A custom voice is shown by its id. */
export function voiceName(voice: Voice): string {
  return typeof voice === 'string' ? voice : voice.id;
}

export interface UpdateRules {
  assistantAudioPresent: boolean;
  rejectSameVoiceAfterAudio: boolean;
  defaultSilenceDurationMs: number;
}

/**
 * Applies the `session` object of a `session.update`.
 * @returns the new configuration, or the error because of which the whole update is dropped
 */
export function applySessionUpdate(
  present: SessionConfig,
  session: unknown,
  rules: UpdateRules,
): { config: SessionConfig } | { error: WireError } {
  const parsed = sessionUpdateSchema.safeParse(session);
  if (!parsed.success) return { error: paramError(parsed.error, session, 'session') };
  const update = parsed.data;
  if (update.model !== undefined && update.model !== present.model) {
    return { error: invalidRequest('invalid_value', 'The model of a session cannot be changed.', 'session.model') };
  }
  const voice = update.audio?.output?.voice;
  if (voice !== undefined && rules.assistantAudioPresent) {
    const changes = voiceName(voice) !== present.audio.output.voice;
    if (changes || rules.rejectSameVoiceAfterAudio) return { error: cannotUpdateVoice() };
  }
  return { config: mergeSession(present, update, rules.defaultSilenceDurationMs) };
}
