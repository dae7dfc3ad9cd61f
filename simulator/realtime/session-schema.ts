import { z } from 'zod';

/** The voices of the Realtime API; `fable`, `onyx` and `nova` belong to the speech API only. */
export const REALTIME_VOICES = [
  'alloy',
  'ash',
  'ballad',
  'coral',
  'echo',
  'sage',
  'shimmer',
  'verse',
  'marin',
  'cedar',
] as const;

const voice = z.union([z.enum(REALTIME_VOICES), z.strictObject({ id: z.string() })]);

export const audioFormatSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('audio/pcm'), rate: z.literal(24_000).default(24_000) }),
  z.strictObject({ type: z.literal('audio/pcmu') }),
  z.strictObject({ type: z.literal('audio/pcma') }),
]);

const turnDetection = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('server_vad'),
    threshold: z.number().min(0).max(1).optional(),
    prefix_padding_ms: z.int().min(0).optional(),
    silence_duration_ms: z.int().min(0).optional(),
    create_response: z.boolean().optional(),
    interrupt_response: z.boolean().optional(),
    idle_timeout_ms: z.int().min(5000).max(30_000).nullish(),
  }),
  z.strictObject({
    type: z.literal('semantic_vad'),
    eagerness: z.enum(['low', 'medium', 'high', 'auto']).optional(),
    create_response: z.boolean().optional(),
    interrupt_response: z.boolean().optional(),
  }),
]);

const transcription = z.strictObject({
  model: z
    .enum([
      'whisper-1',
      'gpt-transcribe',
      'gpt-live-transcribe',
      'gpt-4o-mini-transcribe',
      'gpt-4o-mini-transcribe-2025-12-15',
      'gpt-4o-transcribe',
      'gpt-4o-transcribe-diarize',
      'gpt-realtime-whisper',
    ])
    .optional(),
  language: z.string().optional(),
  languages: z.array(z.string()).optional(),
  keywords: z.array(z.string()).optional(),
  prompt: z.string().optional(),
  delay: z.enum(['minimal', 'low', 'medium', 'high', 'xhigh']).optional(),
});

const functionTool = z.strictObject({
  type: z.literal('function'),
  name: z.string(),
  description: z.string().optional(),
  parameters: z.record(z.string(), z.unknown()).optional(),
});
const mcpToolFilter = z.strictObject({
  tool_names: z.array(z.string()).optional(),
  read_only: z.boolean().optional(),
});
const mcpTool = z.strictObject({
  type: z.literal('mcp'),
  server_label: z.string(),
  server_url: z.string().optional(),
  server_description: z.string().optional(),
  authorization: z.string().optional(),
  headers: z.record(z.string(), z.string()).nullish(),
  allowed_tools: z.union([z.array(z.string()), mcpToolFilter]).nullish(),
  allowed_callers: z.array(z.enum(['direct', 'programmatic'])).nullish(),
  require_approval: z
    .union([
      z.enum(['always', 'never']),
      z.strictObject({ always: mcpToolFilter.optional(), never: mcpToolFilter.optional() }),
    ])
    .nullish(),
  defer_loading: z.boolean().optional(),
  tunnel_id: z.string().optional(),
});

export const toolsSchema = z
  .array(z.discriminatedUnion('type', [functionTool, mcpTool]))
  .superRefine((tools, context) => {
    for (const [index, tool] of tools.entries()) {
      if (tool.type !== 'mcp' || tool.server_url !== undefined || tool.tunnel_id !== undefined) continue;
      context.addIssue({ code: 'custom', path: [index, 'server_url'], message: 'One of server_url and tunnel_id' });
    }
  });
export type ToolsConfig = z.infer<typeof toolsSchema>;
export const toolChoiceSchema = z.union([
  z.enum(['none', 'auto', 'required']),
  z.strictObject({ type: z.literal('function'), name: z.string() }),
  z.strictObject({ type: z.literal('mcp'), server_label: z.string(), name: z.string().nullish() }),
]);
export const outputModalitiesSchema = z
  .array(z.enum(['text', 'audio']))
  .length(1, { message: 'Expected exactly one of text and audio' });
export const maxOutputTokensSchema = z.union([z.int().min(1).max(4096), z.literal('inf')]);
export const reasoningSchema = z.strictObject({ effort: z.enum(['minimal', 'low', 'medium', 'high', 'xhigh']) });
export const promptSchema = z.strictObject({
  id: z.string(),
  version: z.string().nullish(),
  variables: z.record(z.string(), z.string()).nullish(),
});
export const audioOutputSchema = z.strictObject({
  format: audioFormatSchema.optional(),
  voice: voice.optional(),
});

/** `session` of a `session.update`: every field that the GA interface knows, and none besides. */
export const sessionUpdateSchema = z.strictObject({
  type: z.literal('realtime'),
  model: z.string().optional(),
  output_modalities: outputModalitiesSchema.optional(),
  instructions: z.string().optional(),
  audio: z
    .strictObject({
      input: z
        .strictObject({
          format: audioFormatSchema.optional(),
          noise_reduction: z
            .strictObject({ type: z.enum(['near_field', 'far_field']), strength: z.number().optional() })
            .nullish(),
          transcription: transcription.nullish(),
          turn_detection: turnDetection.nullish(),
        })
        .optional(),
      output: audioOutputSchema.extend({ speed: z.number().min(0.25).max(1.5).optional() }).optional(),
    })
    .optional(),
  tools: toolsSchema.optional(),
  tool_choice: toolChoiceSchema.optional(),
  parallel_tool_calls: z.boolean().optional(),
  reasoning: reasoningSchema.optional(),
  max_output_tokens: maxOutputTokensSchema.optional(),
  truncation: z
    .union([
      z.enum(['auto', 'disabled']),
      z.strictObject({
        type: z.literal('retention_ratio'),
        retention_ratio: z.number().min(0).max(1),
        token_limits: z.strictObject({ post_instructions: z.int().min(0).optional() }).optional(),
      }),
    ])
    .optional(),
  tracing: z
    .union([
      z.literal('auto'),
      z.strictObject({
        workflow_name: z.string().optional(),
        group_id: z.string().optional(),
        metadata: z.record(z.string(), z.unknown()).optional(),
      }),
    ])
    .nullish(),
  include: z.array(z.literal('item.input_audio_transcription.logprobs')).nullish(),
  prompt: promptSchema.nullish(),
});

export type SessionUpdate = z.infer<typeof sessionUpdateSchema>;
