import { CLIP_TEXTS, loadClip, type ClipName } from '../audio/clips.js';
import {
  type Item,
  RealtimeDouble,
  type RealtimeDoubleOptions,
  type ScriptedMessage,
  type ScriptedReply,
} from '../realtime/index.js';
import { type Booking, BOOKING_TOOL } from './restaurant.js';

function says(clip: ClipName): ScriptedMessage {
  return { text: CLIP_TEXTS[clip], audio: loadClip(clip) };
}

/** What the assistant says in the demo, in order, when all goes well. */
export const ASSISTANT_CLIPS = [
  'assistant-greeting',
  'assistant-answer-long',
  'assistant-keys',
  'assistant-booked',
  'assistant-goodbye',
] as const satisfies readonly ClipName[];

/** What the caller says, in order. */
export const CALLER_CLIPS = [
  'caller-booking',
  'caller-interruption',
  'caller-goodbye',
] as const satisfies readonly ClipName[];

/** What of an item of the conversation the assistant goes by. */
export type KnownItem = Pick<Item, 'type' | 'role' | 'medium' | 'text' | 'name' | 'output' | 'deleted'>;

/**
 * What the assistant of the demo does next. It goes by what the conversation holds, and not by how often it has spoken: a
 * session that was told the conversation as text goes on at the same place.
 */
export function replyTo(items: readonly KnownItem[]): ScriptedReply {
  const inputs = items.filter(
    ({ type, role, deleted }) => !deleted && (role === 'user' || type === 'function_call_output'),
  );
  const last = inputs.at(-1);
  if (last === undefined) return says('assistant-greeting');
  if (last.type === 'function_call_output')
    return isBookedAsSaid(last.output)
      ? says('assistant-booked')
      : { text: 'I am sorry, I could not book that table.' };
  const keys = keysIn(last.text);
  if (keys.length === 4) return { items: [{ name: BOOKING_TOOL, arguments: bookingFor(keys) }] };
  if (keys !== '') return { text: 'These are not four digits. Please try again.' };
  const spokenTurns = inputs.filter(({ role, text }) => role === 'user' && keysIn(text) === '').length;
  if (spokenTurns === 1) return says('assistant-answer-long');
  if (spokenTurns === 2) return says('assistant-keys');
  return { items: [says('assistant-goodbye'), { name: 'hang_up' }] };
}

/** What the assistant should book for the caller of the demo. */
export function bookingFor(phoneDigits: string): Booking {
  return { day: 'Friday', time: '19:00', people: 4, phoneDigits };
}

/** The digits in what a user said: the caller of the demo speaks none, so they are keys. */
export function keysIn(text: string): string {
  return text.replace(/[^0-9]/g, '');
}

/** The clip tells what the restaurant answered: another answer would have to be told in other words. */
function isBookedAsSaid(output = ''): boolean {
  const { status, day, table } = answerOf(output);
  const said: string = CLIP_TEXTS['assistant-booked'];
  return status === 'booked' && [day, table].every((fact) => typeof fact === 'string' && said.includes(fact));
}

function answerOf(output: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(output);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** Starts the simulated model of the demo. */
export async function startDemoModel(options: Omit<RealtimeDoubleOptions, 'script'> = {}): Promise<RealtimeDouble> {
  const model = await RealtimeDouble.start(options);
  model.script = {
    choose: ({ sessionId }) => replyTo(model.sessions.find(({ id }) => id === sessionId)?.items ?? []),
    hears: CALLER_CLIPS.map((clip) => CLIP_TEXTS[clip]),
  };
  return model;
}

/** Sessions that begin to listen from now on have missed the caller's first `turns` turns. */
export function skipTurns(model: RealtimeDouble, turns: number): void {
  model.script = { ...model.script, hears: CALLER_CLIPS.slice(turns).map((clip) => CLIP_TEXTS[clip]) };
}

/** What a real model is told, so that its answer to the first question is long enough to be interrupted. */
export const LIVE_INSTRUCTIONS =
  'You answer the phone of a small restaurant and take bookings. Thursday evening has three tables for four people: at ' +
  'half past six near the door, at a quarter past seven by the window, at eight in a quiet corner. Friday has one at ' +
  'seven. When asked what there is, describe all the tables of that day in two or three full sentences and ask which one ' +
  'to book. When the caller has named a day with only one table, take it without asking again: ask them to key in the ' +
  'last four digits of their phone number on the telephone keypad, followed by the hash key. You will be told the keys. ' +
  'Then call book_table at once, without saying anything before it, and tell the caller in one short sentence what came ' +
  'of it. When the caller says goodbye, say goodbye in one short sentence and call hang_up. Speak plainly.';
