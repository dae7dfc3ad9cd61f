import { type ModelListener, type TokenUsage } from '../conversation/model.port.js';
import { failureOfError } from './failures.js';
import { type ServerEvent, type ServerUsage } from './server-events.js';

/** Events that are about the session itself, not the talk in it. */
export type SessionEvent = Extract<ServerEvent, { type: 'session.created' | 'session.updated' | 'error' }>;

/** Says an event of the talk in the words of the conversation's port. */
export function tellListener(event: Exclude<ServerEvent, SessionEvent>, listener: ModelListener): void {
  switch (event.type) {
    case 'input_audio_buffer.speech_started':
      return listener.speechStarted(event.item_id);
    case 'input_audio_buffer.speech_stopped':
      return listener.speechStopped(event.item_id);
    case 'input_audio_buffer.committed':
      return listener.turnCommitted(event.item_id);
    case 'conversation.item.input_audio_transcription.completed':
      return listener.callerTranscript(event.item_id, event.transcript);
    case 'response.created':
      return listener.responseCreated(event.response.id);
    case 'response.output_audio.delta':
      return listener.audio(event.response_id, event.item_id, Buffer.from(event.delta, 'base64'));
    case 'response.output_audio.done':
      return listener.audioDone(event.response_id, event.item_id);
    case 'response.output_audio_transcript.delta':
      return listener.assistantTranscript(event.response_id, event.item_id, event.delta);
    case 'response.done': {
      const { id, status, status_details: details, usage } = event.response;
      return listener.responseDone({
        responseId: id,
        status,
        reason: details?.reason ?? undefined,
        failure: status === 'failed' ? failureOfError(details?.error ?? {}) : undefined,
        usage: readUsage(usage),
      });
    }
  }
}

function readUsage(usage: ServerUsage | null | undefined): TokenUsage | undefined {
  if (!usage) return undefined;
  const { input_token_details: input, output_token_details: output } = usage;
  return {
    inputTextTokens: input?.text_tokens ?? 0,
    inputAudioTokens: input?.audio_tokens ?? 0,
    cachedTextTokens: input?.cached_tokens_details?.text_tokens ?? 0,
    cachedAudioTokens: input?.cached_tokens_details?.audio_tokens ?? 0,
    outputTextTokens: output?.text_tokens ?? 0,
    outputAudioTokens: output?.audio_tokens ?? 0,
  };
}
