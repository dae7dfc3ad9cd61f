import { type Config } from '../config/config.js';
import { type G711Law } from '../conversation/line.port.js';
import { type ToolDeclaration } from '../conversation/tools/tool.port.js';
import { mcpEntry } from './mcp/mcp-entry.js';

/** Whether the model takes turns by itself: cancels when the caller speaks, answers when they stop. */
export function modelTakesTurns(assistant: Config['assistant']): boolean {
  return !assistant.greetingProtected && assistant.interruptMinSpeechMs === 0;
}

/** What a session is made of besides its law. */
export interface SessionParts {
  assistant: Config['assistant'];
  /** Tools that run here. */
  declarations: readonly ToolDeclaration[];
  /** Servers of tools that run at the service's side. */
  mcp: Config['tools']['mcp'];
}

/**
 * The whole session as `session.update` sets it. Everything is said explicitly: the server's defaults are PCM at 24 kHz
 * and other silence times than documented. The same bytes for every call, so that the prompt cache holds.
 */
export function sessionConfig({ assistant, declarations, mcp }: SessionParts, law: G711Law): object {
  const { vad, transcription } = assistant;
  const takesTurns = modelTakesTurns(assistant);
  const turns = { create_response: takesTurns, interrupt_response: takesTurns };
  return {
    type: 'realtime',
    output_modalities: ['audio'],
    instructions: assistant.instructions,
    audio: {
      input: {
        format: audioFormat(law),
        noise_reduction: assistant.noiseReduction ? { type: assistant.noiseReduction } : null,
        transcription: transcription
          ? {
              model: transcription.model,
              ...(transcription.languages.length > 0 ? { languages: transcription.languages } : {}),
            }
          : null,
        turn_detection:
          vad.type === 'server_vad'
            ? {
                type: 'server_vad',
                threshold: vad.threshold,
                prefix_padding_ms: vad.prefixPaddingMs,
                silence_duration_ms: vad.silenceMs,
                idle_timeout_ms: null,
                ...turns,
              }
            : { type: 'semantic_vad', eagerness: vad.eagerness, ...turns },
      },
      output: { format: audioFormat('pcmu'), voice: voiceOf(assistant.voice), speed: assistant.speed },
    },
    tools: [
      ...declarations.map(({ name, description, parameters }) => ({ type: 'function', name, description, parameters })),
      ...mcp.map(mcpEntry),
    ],
    tool_choice: 'auto',
    ...(assistant.reasoningEffort ? { reasoning: { effort: assistant.reasoningEffort } } : {}),
    max_output_tokens: assistant.maxOutputTokens,
    truncation: 'auto',
    tracing: null,
  };
}

/** The input format alone, for a line that turned out to speak the other law. */
export function inputFormatUpdate(law: G711Law): object {
  return { type: 'realtime', audio: { input: { format: audioFormat(law) } } };
}

/** G.711 has no rate field in this API: one byte is one sample at 8 kHz. */
export function audioFormat(law: G711Law): { type: string } {
  return { type: `audio/${law}` };
}

function voiceOf(voice: string): string | { id: string } {
  return voice.startsWith('voice_') ? { id: voice } : voice;
}
