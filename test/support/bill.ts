import { type RealtimeDouble } from '../../simulator/realtime/index.js';

/** US dollars per million tokens, and per minute of audio that is written down. */
export interface Tariff {
  textIn: number;
  textInCached: number;
  audioIn: number;
  audioInCached: number;
  textOut: number;
  audioOut: number;
  perMinute: number;
}

interface ResponseUsage {
  input_token_details: {
    text_tokens: number;
    audio_tokens: number;
    cached_tokens_details: { text_tokens: number; audio_tokens: number };
  };
  output_token_details: { text_tokens: number; audio_tokens: number };
}

type TranscriptionUsage = { type: 'duration'; seconds: number } | { type: 'tokens'; input_tokens: number };

/** What all that the double has sent would cost: the sum over its own figures, without a line of the gateway's. */
export function billOf(realtime: RealtimeDouble, tariff: Tariff): number {
  let microDollars = 0;
  for (const event of realtime.sessions.flatMap(({ serverEvents }) => serverEvents)) {
    if (event.type === 'response.done') {
      const { usage } = event['response'] as { usage: ResponseUsage };
      const { text_tokens: text, audio_tokens: audio, cached_tokens_details: cached } = usage.input_token_details;
      microDollars += (text - cached.text_tokens) * tariff.textIn + cached.text_tokens * tariff.textInCached;
      microDollars += (audio - cached.audio_tokens) * tariff.audioIn + cached.audio_tokens * tariff.audioInCached;
      microDollars += usage.output_token_details.text_tokens * tariff.textOut;
      microDollars += usage.output_token_details.audio_tokens * tariff.audioOut;
    } else if (event.type === 'conversation.item.input_audio_transcription.completed') {
      const usage = event['usage'] as TranscriptionUsage;
      // Ten tokens stand for a second.
      const seconds = usage.type === 'duration' ? usage.seconds : usage.input_tokens / 10;
      microDollars += (seconds / 60) * tariff.perMinute * 1_000_000;
    }
  }
  return microDollars / 1_000_000;
}
