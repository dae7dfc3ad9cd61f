import { CLIP_TEXTS, isClipName, loadClip, readTelephoneAudio } from '../audio/clips.js';
import { type ScriptedReply } from '../realtime/index.js';
import { ValueError } from './values.js';

/** `call:NAME` and its arguments, which are the model's: sent as they are, valid JSON or not. */
const TOOL_CALL = /^call:([A-Za-z0-9_-]{1,64})(?:\s+(.+))?$/s;

/** One `--reply` of the simulated model: a clip, a WAV file, the call of a tool, or a text. Throws ValueError. */
export function replyOf(reply: string): ScriptedReply {
  if (isClipName(reply)) return { text: CLIP_TEXTS[reply], audio: loadClip(reply) };
  const [, tool, argumentsText] = TOOL_CALL.exec(reply) ?? [];
  if (tool !== undefined) return { items: [{ name: tool, arguments: argumentsText ?? '{}' }] };
  if (!reply.toLowerCase().endsWith('.wav')) return { text: reply };
  try {
    return { text: reply, audio: readTelephoneAudio(reply) };
  } catch (error) {
    throw new ValueError(`--reply ${reply}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
