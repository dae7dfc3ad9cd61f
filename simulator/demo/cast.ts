import { CLIP_TEXTS, loadClip, type ClipName } from '../audio/clips.js';
import { type AssistantScript, type ScriptedMessage } from '../realtime/index.js';

function says(clip: ClipName): ScriptedMessage {
  return { text: CLIP_TEXTS[clip], audio: loadClip(clip) };
}

/** What the assistant of the demo says, response by response; it goes with the caller's BOOKING_CALL. */
export function demoReplies(): ScriptedMessage[] {
  return [
    says('assistant-greeting'),
    says('assistant-answer-long'),
    says('assistant-answer-short'),
    says('assistant-goodbye'),
  ];
}

/** The part of the simulated model. */
export function demoAssistant(): AssistantScript {
  return {
    replies: demoReplies(),
    hears: [CLIP_TEXTS['caller-booking'], CLIP_TEXTS['caller-interruption'], CLIP_TEXTS['caller-goodbye']],
  };
}

/** What a real model is told, so that its answer to the first question is long enough to be interrupted. */
export const LIVE_INSTRUCTIONS =
  'You answer the phone of a small restaurant and take bookings. Thursday evening has three tables for four people: at ' +
  'half past six near the door, at a quarter past seven by the window, at eight in a quiet corner. Friday has one at ' +
  'seven. When asked what there is, describe all the tables of that day in two or three full sentences and ask which one ' +
  'to book. When the caller decides, confirm in one short sentence. Speak plainly.';
