import { type Item } from './conversation.js';
import { type SessionWire } from './session-wire.js';
import { type RealtimeSwitches } from './switches.js';
import { textTokens } from './usage.js';

/** Sends what the transcription of one caller item says: two deltas and the whole, or the failure. */
export function sendTranscription(
  wire: SessionWire,
  item: Item,
  text: string,
  { failed, charged }: { failed: boolean; charged: RealtimeSwitches['transcriptionUsage'] },
): void {
  const ids = { item_id: item.id, content_index: 0 };
  if (failed) {
    wire.send({
      type: 'conversation.item.input_audio_transcription.failed',
      ...ids,
      error: {
        type: 'transcription_error',
        code: 'audio_unintelligible',
        message: 'The audio could not be transcribed.',
      },
    });
    return;
  }
  const middle = Math.ceil(text.length / 2);
  for (const delta of [text.slice(0, middle), text.slice(middle)].filter((part) => part !== '')) {
    wire.send({ type: 'conversation.item.input_audio_transcription.delta', ...ids, delta });
  }
  item.text = text;
  wire.send({
    type: 'conversation.item.input_audio_transcription.completed',
    ...ids,
    transcript: text,
    usage: charged === 'duration' ? { type: 'duration', seconds: item.audioMs / 1000 } : tokenUsage(item.audioMs, text),
  });
}

function tokenUsage(audioMs: number, text: string) {
  // Speech recognition counts 10 tokens a second of audio.
  const audioTokens = Math.ceil(audioMs / 100);
  const outputTokens = textTokens(text);
  return {
    type: 'tokens' as const,
    total_tokens: audioTokens + outputTokens,
    input_tokens: audioTokens,
    input_token_details: { text_tokens: 0, audio_tokens: audioTokens },
    output_tokens: outputTokens,
  };
}
