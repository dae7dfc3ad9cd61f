import { type ModelListener } from '../conversation/model.port.js';
import { failureOfError } from './failures.js';
import { type InputClock } from './input-clock.js';
import { responseCostUsd, type SessionPrices, tokenUsage, transcriptionUsage } from './price.js';
import { type ServerEvent, type ServerItem } from './server-events.js';

/** Events that are about the session itself, not the talk in it. */
export type SessionEvent = Extract<ServerEvent, { type: 'session.created' | 'session.updated' | 'error' }>;
export type TalkEvent = Exclude<ServerEvent, SessionEvent>;

/** Says the events of a session's talk in the words of the conversation's port. */
export class EventTeller {
  /** Arguments that were told before their item was done, by call. */
  private readonly writtenArguments = new Map<string, string>();
  /** A call may be shown twice; it is run once. */
  private readonly toldCalls = new Set<string>();

  constructor(
    private readonly prices: SessionPrices,
    private readonly input: Pick<InputClock, 'speechAgoMs'>,
  ) {}

  tell(event: TalkEvent, listener: ModelListener): void {
    switch (event.type) {
      case 'input_audio_buffer.speech_started':
        return listener.speechStarted(event.item_id, this.input.speechAgoMs(event.audio_start_ms));
      case 'input_audio_buffer.speech_stopped':
        return listener.speechStopped(event.item_id);
      case 'input_audio_buffer.committed':
        return listener.turnCommitted(event.item_id);
      case 'conversation.item.input_audio_transcription.completed': {
        const usage = transcriptionUsage(event.usage, this.prices.transcription);
        return listener.callerTranscript(event.item_id, event.transcript, usage);
      }
      case 'conversation.item.input_audio_transcription.failed':
        return listener.callerTranscriptFailed(event.item_id);
      case 'response.created':
        return listener.responseCreated(event.response.id);
      case 'response.output_audio.delta':
        return listener.audio(event.response_id, event.item_id, Buffer.from(event.delta, 'base64'));
      case 'response.output_audio.done':
        return listener.audioDone(event.response_id, event.item_id);
      case 'response.output_audio_transcript.delta':
        return listener.assistantTranscript(event.response_id, event.item_id, event.delta);
      case 'response.function_call_arguments.done':
        this.writtenArguments.set(event.call_id, event.arguments);
        return;
      case 'response.output_item.done':
        return this.itemDone(event.response_id ?? '', event.item, listener);
      case 'response.done':
        return this.responseDone(event.response, listener);
      default:
      // Items and MCP: seen to elsewhere.
    }
  }

  /** The end of an item is told of interrupted calls too: only a completed one may run. */
  private itemDone(responseId: string, item: ServerItem, listener: ModelListener): void {
    const { call_id: toolCallId, name } = item;
    if (item.type !== 'function_call' || item.status !== 'completed' || !toolCallId || !name) return;
    if (this.toldCalls.has(toolCallId)) return;
    this.toldCalls.add(toolCallId);
    const argumentsText = item.arguments || (this.writtenArguments.get(toolCallId) ?? '');
    listener.toolCalled({ responseId, toolCallId, name, argumentsText });
  }

  private responseDone(
    response: Extract<TalkEvent, { type: 'response.done' }>['response'],
    listener: ModelListener,
  ): void {
    this.writtenArguments.clear();
    const { id, status, status_details: details } = response;
    const usage = tokenUsage(response.usage);
    listener.responseDone({
      responseId: id,
      status,
      reason: details?.reason ?? undefined,
      failure: status === 'failed' ? failureOfError(details?.error ?? {}) : undefined,
      usage,
      costUsd: responseCostUsd(usage, this.prices.model),
    });
  }
}
