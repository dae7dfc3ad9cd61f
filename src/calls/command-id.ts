import { createHash } from 'node:crypto';

/**
 * The `command_id` of a Call Control command: a UUID (version 8, RFC 9562) made of what the command is for. Telnyx
 * swallows a repeated id for 60 s, so a command sent twice for the same cause, by this process or by another pod, has
 * one effect, and two commands with different causes have two.
 *
 * @param cause empty for what a call has once (answer, reject, hangup); else what tells one from the next, such as the
 * attempt number of a stream or the sentence that is spoken.
 */
export function commandId(callControlId: string, action: string, cause = ''): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([callControlId, action, cause]))
    .digest();
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x80, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = digest.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
