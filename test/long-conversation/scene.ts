import { type RealtimeDouble } from '../../simulator/realtime/index.js';
import { type TelnyxDouble } from '../../simulator/telnyx/index.js';
import { type HttpPeer } from '../support/http-peer.js';
import { type StagedTalk } from '../support/staged-talk.js';

export interface Scene {
  telnyx: TelnyxDouble;
  realtime: RealtimeDouble;
  talk: StagedTalk;
  /** The operator's own server, where the tools are. */
  shop: HttpPeer;
}

/** A part of the conversation. @returns what the transcript has to say of it, line by line. */
export type Beat = (scene: Scene) => Promise<Line[]>;

/** A line of the transcript, or what it looks like. */
export type Line = string | RegExp;

interface Report {
  callId: string;
  endReason: string;
  durationMs: number;
  conversation: {
    transcript: Record<string, unknown>[];
    turns: { costUsd: number; answeredAfterMs: number }[];
    interruptions: number;
    resumes: number;
    costUsd: number;
  };
}

export interface ReportDocument {
  type: string;
  data: Report;
}

/** The transcript as the beats write it down. */
export function transcriptLines({ conversation }: Report): string[] {
  return conversation.transcript.map((entry) => {
    const { kind, keys, name, argumentsText, output, text, cut } = entry as Record<string, string | boolean>;
    if (kind === 'keys') return `keys: ${keys}`;
    if (kind === 'tool') return `tool: ${name}(${argumentsText}) = ${output}`;
    return `${kind}${cut === true ? ', cut' : ''}: ${text}`;
  });
}

/** What `toEqual` compares a transcript with. */
export function written(lines: readonly Line[]): unknown[] {
  return lines.map((line): unknown => (typeof line === 'string' ? line : expect.stringMatching(line)));
}
