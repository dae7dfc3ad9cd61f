import { bookingProblems, keyItemProblems, keyProblems } from './check-booking.js';
import { goodCall, goodLoss, message } from './testing/good-call.js';
import { type BookingRequest } from './restaurant.js';

describe('the check of the tool', () => {
  const [good] = goodCall().bookings;

  it('finds nothing wrong with one booking of what the caller wants', () => {
    expect(bookingProblems([good!])).toEqual([]);
  });

  it.each<[string, BookingRequest[], RegExp]>([
    ['none', [], /did not book/],
    ['two', [good!, good!], /booked 2 times/],
    [
      'another day',
      [{ ...good!, booking: { ...good!.booking!, day: 'Thursday' } }],
      /booked .*Thursday.*, not .*Friday/,
    ],
    ['something that is no booking', [{ ...good!, booking: undefined }], /booked undefined/],
    ['no idempotency key', [{ ...good!, idempotencyKey: undefined }], /without an idempotency key/],
    ['a refusal', [{ ...good!, answer: { ...good!.answer!, status: 401 } }], /answered with 401/],
    ['no answer', [{ at: 1, idempotencyKey: good!.idempotencyKey, booking: good!.booking }], /answered with nothing/],
  ])('finds %s', (_what, bookings, problem) => {
    expect(bookingProblems(bookings).find((found) => problem.test(found))).toBeDefined();
  });
});

describe('the check of the keys', () => {
  const line = { level: 30, time: 1, msg: 'the caller entered keys', keys: '4 keys' };

  it('wants one entry, and a log that does not tell the digits', () => {
    expect(keyProblems([line])).toEqual([]);
    expect(keyProblems([])).toEqual(['the gateway took no entry by keys']);
    expect(keyProblems([line, line])).toEqual(['the gateway took more than one entry by keys']);
    expect(keyProblems([{ ...line, keys: '4711' }])).toEqual(["the gateway's log shows “4711” of the keys"]);
  });

  it('wants the digits in order at the model', () => {
    expect(keyItemProblems(goodLoss().known)).toEqual([]);
    expect(keyItemProblems([message('user', 'keys: 1 1 7 4')])).toEqual([
      'the model was told of the keys ["1174"], not of one entry',
    ]);
    expect(keyItemProblems([message('user', '4 7'), message('user', '1 1')])).toHaveLength(1);
  });
});
