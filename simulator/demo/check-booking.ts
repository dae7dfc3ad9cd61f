import { BOOKING_KEYS } from '../caller/index.js';
import { bookingFor, type KnownItem, keysIn } from './cast.js';
import { type GatewayLine } from './gateway-process.js';
import { type BookingRequest } from './restaurant.js';

/** How the gateway's own log tells of an entry by keys. */
export const KEYS_MESSAGE = 'the caller entered keys';

/** What was wrong with the keys on their way through the gateway, in words. */
export function keyProblems(lines: readonly GatewayLine[]): string[] {
  const [entry, ...more] = lines.filter(({ msg }) => msg === KEYS_MESSAGE);
  if (entry === undefined || more.length > 0)
    return [`the gateway took ${entry === undefined ? 'no' : 'more than one'} entry by keys`];
  const { keys } = entry;
  return keys === `${BOOKING_KEYS.digits.length} keys` ? [] : [`the gateway's log shows “${String(keys)}” of the keys`];
}

/** The same at the model's end: one entry, with the digits in order. */
export function keyItemProblems(items: readonly KnownItem[]): string[] {
  const entries = items
    .filter(({ role, medium }) => role === 'user' && medium === 'text')
    .map(({ text }) => keysIn(text));
  return entries.length === 1 && entries[0] === BOOKING_KEYS.digits
    ? []
    : [`the model was told of the keys ${JSON.stringify(entries)}, not of one entry`];
}

/** What was wrong with the tool: it is to be called once, with what the caller wants, and to be answered. */
export function bookingProblems(bookings: readonly BookingRequest[]): string[] {
  const [first, ...more] = bookings;
  if (first === undefined) return ['the assistant did not book the table'];
  const problems = more.length > 0 ? [`the assistant booked ${bookings.length} times`] : [];
  const wanted = JSON.stringify(bookingFor(BOOKING_KEYS.digits));
  const booked = JSON.stringify(first.booking);
  if (booked !== wanted) problems.push(`the assistant booked ${booked}, not ${wanted}`);
  if (!/^[0-9a-f-]{36}$/.test(first.idempotencyKey ?? '')) problems.push('the booking came without an idempotency key');
  if (first.answer?.status !== 200) problems.push(`the booking was answered with ${first.answer?.status ?? 'nothing'}`);
  return problems;
}
