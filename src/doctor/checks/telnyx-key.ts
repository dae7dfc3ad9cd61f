import { APIError } from 'telnyx';
import { type Check, ok, warn } from '../check.js';
import { explainTelnyx } from '../explain-telnyx.js';

/** The balance is the cheapest thing that every key may read, and an empty account answers no calls. */
export const telnyxKey: Check = {
  name: 'Telnyx API key',
  async run({ telnyx, found }) {
    try {
      const { data } = await telnyx.balance.retrieve();
      found.telnyxAnswers = true;
      const credit = Number(data?.available_credit ?? data?.balance);
      const amount = `${credit} ${data?.currency ?? ''}`.trim();
      if (Number.isFinite(credit) && credit <= 0) {
        return warn(`works, but the account has no credit left (${amount})`, 'add funds in the portal (Billing)');
      }
      return ok(Number.isFinite(credit) ? `works; credit ${amount}` : 'works');
    } catch (error) {
      // A key without the right to see money is a key that Telnyx knows.
      if (error instanceof APIError && error.status === 403) {
        found.telnyxAnswers = true;
        return ok('works (it may not read the balance)');
      }
      return explainTelnyx(error, 'the balance');
    }
  },
};
