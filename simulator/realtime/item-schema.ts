import { z } from 'zod';
import { type AudioFormat, bytesPerMs } from './audio-format.js';
import { type Conversation, type Item } from './conversation.js';
import { newId } from './ids.js';
import { paramError } from './param-error.js';
import { invalidRequest } from './wire-errors.js';
import { type WireError } from './wire-types.js';

const base = {
  id: z.string().min(1).optional(),
  object: z.literal('realtime.item').optional(),
  /** Has no effect on the conversation. */
  status: z.enum(['completed', 'incomplete', 'in_progress']).optional(),
};
const inputText = z.strictObject({ type: z.literal('input_text'), text: z.string() });

const messageSchema = z.discriminatedUnion('role', [
  z.strictObject({ ...base, type: z.literal('message'), role: z.literal('system'), content: z.array(inputText) }),
  z.strictObject({
    ...base,
    type: z.literal('message'),
    role: z.literal('user'),
    content: z.array(
      z.discriminatedUnion('type', [
        inputText,
        z.strictObject({
          type: z.literal('input_audio'),
          audio: z.base64(),
          transcript: z.string().nullish(),
        }),
        z.strictObject({
          type: z.literal('input_image'),
          image_url: z.string(),
          detail: z.enum(['auto', 'low', 'high']).optional(),
        }),
      ]),
    ),
  }),
  z.strictObject({
    ...base,
    type: z.literal('message'),
    role: z.literal('assistant'),
    // Spoken content of the assistant cannot be put in from outside.
    content: z.array(z.strictObject({ type: z.literal('output_text'), text: z.string() })),
  }),
]);

const itemSchema = z.discriminatedUnion('type', [
  messageSchema,
  z.strictObject({
    ...base,
    type: z.literal('function_call'),
    call_id: z.string().optional(),
    name: z.string(),
    arguments: z.string(),
  }),
  z.strictObject({ ...base, type: z.literal('function_call_output'), call_id: z.string(), output: z.string() }),
  // The only item of MCP that a client may add.
  z.strictObject({
    id: base.id,
    type: z.literal('mcp_approval_response'),
    approval_request_id: z.string(),
    approve: z.boolean(),
    reason: z.string().nullish(),
  }),
]);

/** Reads the `item` of a `conversation.item.create`; an id is made up where the client gave none. */
export function readItem(
  input: unknown,
  options: { inputFormat: AudioFormat; maxIdLength: number; conversation: Conversation },
): { item: Item } | { error: WireError } {
  const parsed = itemSchema.safeParse(input);
  if (!parsed.success) return { error: paramError(parsed.error, input, 'item') };
  const { data } = parsed;
  if (data.id !== undefined && data.id.length > options.maxIdLength) {
    const message = `Invalid 'item.id': string too long. Expected a string with maximum length ${options.maxIdLength}, but got a string with length ${data.id.length} instead.`;
    return { error: invalidRequest('string_above_max_length', message, 'item.id') };
  }
  const shared = { id: data.id ?? newId('item'), status: 'completed' as const, audioMs: 0, medium: 'text' as const };
  if (data.type === 'function_call') {
    const call = { callId: data.call_id ?? newId('call'), name: data.name, arguments: data.arguments };
    return { item: { ...shared, type: data.type, text: '', ...call } };
  }
  if (data.type === 'function_call_output') {
    const error = outputRefusal(data.call_id, options.conversation);
    if (error) return { error };
    return { item: { ...shared, type: data.type, text: '', callId: data.call_id, output: data.output } };
  }
  if (data.type === 'mcp_approval_response') {
    const error = approvalRefusal(data.approval_request_id, options.conversation);
    if (error) return { error };
    const answer = { approvalRequestId: data.approval_request_id, approve: data.approve };
    return { item: { ...shared, type: data.type, text: '', ...answer, ...(data.reason && { reason: data.reason }) } };
  }
  const texts: string[] = [];
  const audio: Buffer[] = [];
  for (const part of data.content) {
    if (part.type === 'input_audio') {
      audio.push(Buffer.from(part.audio, 'base64'));
      if (part.transcript) texts.push(part.transcript);
    } else if (part.type !== 'input_image') {
      texts.push(part.text);
    }
  }
  const item: Item = { ...shared, type: 'message', role: data.role, text: texts.join(' ') };
  if (audio.length === 0) return { item };
  const bytes = Buffer.concat(audio);
  const audioMs = Math.round(bytes.length / bytesPerMs(options.inputFormat));
  return { item: { ...item, medium: 'audio', audioMs, audio: () => bytes } };
}

function outputRefusal(callId: string, conversation: Conversation): WireError | undefined {
  if (!conversation.knowsCall(callId)) {
    const message = `Tool call ID '${callId}' not found in conversation.`;
    return invalidRequest('invalid_tool_call_id', message, 'item.call_id');
  }
  if (!conversation.hasOutputOf(callId)) return undefined;
  const message = `Tool call ID '${callId}' already has an output in the conversation.`;
  return invalidRequest('invalid_tool_call_id', message, 'item.call_id');
}

function approvalRefusal(requestId: string, conversation: Conversation): WireError | undefined {
  const state = conversation.approvalState(requestId);
  if (state === 'open') return undefined;
  const message =
    state === 'unknown'
      ? `Approval request '${requestId}' not found in conversation.`
      : `Approval request '${requestId}' was already answered.`;
  return invalidRequest('invalid_approval_request_id', message, 'item.approval_request_id');
}
