import { z } from 'zod';
import { type AudioFormat } from './audio-format.js';
import { type Conversation } from './conversation.js';
import { paramError } from './param-error.js';
import { type SessionConfig, voiceName } from './session-config.js';
import {
  audioOutputSchema,
  maxOutputTokensSchema,
  outputModalitiesSchema,
  promptSchema,
  reasoningSchema,
  toolChoiceSchema,
  toolsSchema,
} from './session-schema.js';
import { invalidRequest } from './wire-errors.js';
import { type WireError } from './wire-types.js';

const inputItemSchema = z.looseObject({ type: z.string().optional(), id: z.string().optional() });

const responseCreateSchema = z.strictObject({
  instructions: z.string().optional(),
  output_modalities: outputModalitiesSchema.optional(),
  audio: z.strictObject({ output: audioOutputSchema.optional() }).optional(),
  tools: toolsSchema.optional(),
  tool_choice: toolChoiceSchema.optional(),
  parallel_tool_calls: z.boolean().optional(),
  reasoning: reasoningSchema.optional(),
  max_output_tokens: maxOutputTokensSchema.optional(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
  conversation: z.enum(['auto', 'none']).optional(),
  input: z.array(inputItemSchema).optional(),
  prompt: promptSchema.nullish(),
});

/** What one response is made with: the session's settings, overlaid with those of its `response.create`. */
export interface ResponseParams {
  outOfBand: boolean;
  instructions: string;
  modality: 'audio' | 'text';
  format: AudioFormat;
  voice: string;
  maxOutputTokens: number | 'inf';
  metadata: Record<string, string> | null;
  tools: SessionConfig['tools'];
  toolChoice: SessionConfig['tool_choice'];
  /** Replaces the conversation as context; undefined uses the conversation. */
  input: readonly unknown[] | undefined;
}

/**
 * @param response the `response` object of a `response.create`; undefined when there was none, or when the server
 * itself begins the response
 */
export function readResponseParams(
  response: unknown,
  session: SessionConfig,
  conversation: Conversation,
): { params: ResponseParams } | { error: WireError } {
  const parsed = responseCreateSchema.safeParse(response ?? {});
  if (!parsed.success) return { error: paramError(parsed.error, response, 'response') };
  const asked = parsed.data;
  if (Object.keys(asked.metadata ?? {}).length > 16) {
    return { error: invalidRequest('invalid_value', 'At most 16 pairs of metadata.', 'response.metadata') };
  }
  const unknown = asked.input?.find(({ type, id }) => type === 'item_reference' && !conversation.find(id ?? ''));
  if (unknown) {
    const message = `Item with id '${unknown.id ?? ''}' not found.`;
    return { error: invalidRequest('item_not_found', message, 'response.input') };
  }
  const voice = asked.audio?.output?.voice;
  return {
    params: {
      outOfBand: asked.conversation === 'none',
      instructions: asked.instructions ?? session.instructions,
      modality: (asked.output_modalities ?? session.output_modalities)[0] ?? 'audio',
      format: asked.audio?.output?.format ?? session.audio.output.format,
      voice: voice === undefined ? session.audio.output.voice : voiceName(voice),
      maxOutputTokens: asked.max_output_tokens ?? session.max_output_tokens,
      metadata: asked.metadata ?? null,
      tools: asked.tools ?? session.tools,
      toolChoice: asked.tool_choice ?? session.tool_choice,
      input: asked.input,
    },
  };
}
