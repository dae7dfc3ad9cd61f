import { decodeG711 } from '../audio/g711.js';
import { type AudioFormat, encodeAudio } from './audio-format.js';
import { newId } from './ids.js';
import { type PlannedItem } from './response-plan.js';
import { type SessionConfig } from './session-config.js';
import { speakingMs, toneOfReply, type VoiceBox } from './voice-synth.js';

/** One spoken item of a reply. Without `audio` a voice is made up: `durationMs` long, of tone `toneHz`. */
export interface ScriptedMessage {
  text: string;
  durationMs?: number;
  toneHz?: number;
  /** mu-law bytes, or 16-bit samples, both at 8 kHz. */
  audio?: Uint8Array | Int16Array;
  /** Shown on the item when the switch `itemPhase` is on. */
  phase?: 'commentary' | 'final_answer';
}

export interface ScriptedCall {
  name: string;
  /** An object is turned into JSON; a string is sent as it is, valid or not. */
  arguments?: string | Record<string, unknown>;
  callId?: string;
}

/** A call of a tool of an MCP server, which the service makes by itself, or asks the client to approve. */
export interface ScriptedMcpCall {
  /** The server's label. When the session does not have the tool (yet), the assistant says so instead. */
  mcp: string;
  name: string;
  arguments?: string | Record<string, unknown>;
}

/** What the assistant does in one response: items in order, spoken ones and calls of tools; it may be none at all. */
export type ScriptedReply = ScriptedMessage | { items: (ScriptedMessage | ScriptedCall | ScriptedMcpCall)[] };

/** What is known when a reply is chosen. */
export interface ReplyContext {
  sessionId: string;
  /** Counts the responses of this session, out-of-band ones not included, from 0. */
  replyIndex: number;
  instructions: string;
  /** The last thing that a user or a tool said, as text or transcript. */
  lastInput: string;
  /** What the response may call: `none`, `auto`, `required`, or one tool by name. */
  toolChoice: SessionConfig['tool_choice'];
}

export interface AssistantScript {
  /** One per response. */
  replies?: readonly ScriptedReply[];
  /** After the last reply: say it again (default), begin again, or go back to made-up replies. */
  then?: 'repeat-last' | 'cycle' | 'default';
  /** Asked first; undefined goes on to `replies`. */
  choose?: (context: ReplyContext) => ScriptedReply | undefined;
  /** The answer to every `response.create` with `conversation: "none"`; it does not count as a reply. */
  outOfBand?: ScriptedReply;
  /** What the transcription of the caller's turns says, one per turn, the last repeated. */
  hears?: readonly string[];
}

export function chooseReply(script: AssistantScript, context: ReplyContext): ScriptedReply {
  const chosen = script.choose?.(context);
  if (chosen) return chosen;
  const { replies = [], then = 'repeat-last' } = script;
  const index = then === 'cycle' && replies.length > 0 ? context.replyIndex % replies.length : context.replyIndex;
  const reply = replies[index] ?? (then === 'repeat-last' ? replies.at(-1) : undefined);
  return reply ?? { text: `This is reply number ${context.replyIndex + 1}.` };
}

/** The caller's words of the n-th turn (from 0). */
export function heardText(script: AssistantScript, turnIndex: number): string {
  const { hears = [] } = script;
  return hears[turnIndex] ?? hears.at(-1) ?? `caller turn ${turnIndex + 1}`;
}

function encodeScripted(audio: Uint8Array | Int16Array, format: AudioFormat): Buffer {
  if (audio instanceof Int16Array) return encodeAudio(format, audio);
  if (format.type === 'audio/pcmu') return Buffer.from(audio);
  return encodeAudio(format, decodeG711('PCMU', audio));
}

export function planReply(
  reply: ScriptedReply,
  options: {
    replyIndex: number;
    format: AudioFormat;
    voices: VoiceBox;
    /** Undefined when the model has no such tool. */
    planMcp: (label: string, name: string, argumentsText: string) => PlannedItem[] | undefined;
  },
): PlannedItem[] {
  const say = (item: ScriptedMessage): PlannedItem => {
    const toneHz = item.toneHz ?? toneOfReply(options.replyIndex);
    const audio = item.audio
      ? encodeScripted(item.audio, options.format)
      : options.voices.voice(toneHz, item.durationMs ?? speakingMs(item.text), options.format);
    return { kind: 'message', text: item.text, audio, ...(item.phase ? { phase: item.phase } : {}) };
  };
  const items = 'items' in reply ? reply.items : [reply];
  return items.flatMap((item): PlannedItem[] => {
    if (!('name' in item)) return [say(item)];
    const args = item.arguments ?? {};
    const text = typeof args === 'string' ? args : JSON.stringify(args);
    if ('mcp' in item) {
      const planned = options.planMcp(item.mcp, item.name, text);
      return planned ?? [say({ text: `I have no tool ${item.name} of ${item.mcp}.` })];
    }
    return [{ kind: 'function_call', name: item.name, arguments: text, callId: item.callId ?? newId('call') }];
  });
}
