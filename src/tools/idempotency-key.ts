import { uuidOf } from '../common/uuid-of.js';
import { type ToolCallIdentity } from '../conversation/tools/tool.port.js';

/**
 * The same for every request of one tool call: a UUID (version 8, RFC 9562) made of the phone call and the call of the
 * tool, so that a receiver can tell a repetition, of ours or of a proxy on the way, from a new wish.
 */
export function idempotencyKey({ callId, toolCallId }: ToolCallIdentity): string {
  return uuidOf('tool', callId, toolCallId);
}
