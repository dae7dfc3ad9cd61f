import { uuidOf } from '../common/uuid-of.js';

/**
 * The `command_id` of a Call Control command: a UUID (version 8, RFC 9562) made of what the command is for. Telnyx
 * swallows a repeated id for 60 s, so a command sent twice for the same cause, by this process or by another pod, has
 * one effect, and two commands with different causes have two.
 *
 * @param cause empty for what a call has once (answer, reject, hangup); else what tells one from the next, such as the
 * attempt number of a stream or the sentence that is spoken.
 */
export function commandId(callControlId: string, action: string, cause = ''): string {
  return uuidOf(callControlId, action, cause);
}
