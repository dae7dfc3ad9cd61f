import { z } from 'zod';
import { type SpanAttributes } from '../telemetry/trace/call-trace.js';
import { ATTRS } from '../telemetry/trace/names.js';
import { usageAttributes } from '../telemetry/trace/usage-attributes.js';
import { type LineSummary } from './call-line.js';

const BYTES_PER_MS = 8;

const count = z.number().catch(0);
/** What a conversation says of itself at its end; whatever it does not say counts as nothing. */
const conversationSchema = z.object({
  turns: count,
  interruptions: count,
  resumes: count,
  costUsd: z.number().optional().catch(undefined),
  usage: z.object({
    inputTextTokens: count,
    inputAudioTokens: count,
    cachedTextTokens: count,
    cachedAudioTokens: count,
    outputTextTokens: count,
    outputAudioTokens: count,
  }),
});

/** @param line undefined where the call never had one. */
export function attributesOfLine(line: LineSummary | undefined): SpanAttributes {
  if (!line) return {};
  return {
    [ATTRS.streamCodec]: line.codec,
    [ATTRS.mediaSockets]: line.sockets,
    [ATTRS.mediaFramesIn]: line.frames,
    [ATTRS.mediaFramesOut]: line.framesOut,
    [ATTRS.mediaGaps]: line.gaps,
    [ATTRS.mediaPaddedMs]: line.paddedBytes === undefined ? undefined : line.paddedBytes / BYTES_PER_MS,
    [ATTRS.mediaReordered]: line.reordered,
    [ATTRS.mediaDropped]: line.late,
  };
}

/** @param summary what the conversation says of itself; undefined where there was none. */
export function attributesOfConversation(summary: object | undefined): SpanAttributes {
  const read = conversationSchema.safeParse(summary);
  if (!read.success) return {};
  const { turns, interruptions, resumes, costUsd, usage } = read.data;
  return {
    [ATTRS.callTurns]: turns,
    [ATTRS.callInterruptions]: interruptions,
    [ATTRS.callResumes]: resumes,
    [ATTRS.callCostUsd]: costUsd,
    ...usageAttributes(usage),
  };
}
