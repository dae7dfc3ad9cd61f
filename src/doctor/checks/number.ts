import { type Check, type CheckResult, fail, ok, skip, warn } from '../check.js';
import { explainTelnyx } from '../explain-telnyx.js';

const ASSIGN = 'in the portal (Numbers, My Numbers) set its connection to the Call Control application';

/** The part of Telnyx's phone numbers that is looked at. */
export interface NumberFacts {
  phone_number?: string;
  status?: string;
  connection_id?: string | null;
  connection_name?: string | null;
}

/** A number that leads to the application, or the one that was asked about. */
export const number: Check = {
  name: 'phone number',
  async run({ telnyx, found, number: wanted }) {
    if (found.telnyxAnswers !== true) return skip('needs the Telnyx API key to work');
    const applicationId = found.application?.id;
    if (wanted === undefined && applicationId === undefined) return skip('needs the Call Control application');
    try {
      // Telnyx's filter takes digits only: with the plus sign it finds nothing.
      const filter = wanted === undefined ? { connection_id: applicationId ?? '' } : { phone_number: wanted.slice(1) };
      const { data } = await telnyx.phoneNumbers.list({ filter, 'page[size]': 100 });
      return wanted === undefined ? judgeAnyNumber(data) : judgeNumber(data, wanted, applicationId);
    } catch (error) {
      return explainTelnyx(error, 'the phone numbers');
    }
  },
};

/** In: the numbers of the application. */
export function judgeAnyNumber(numbers: readonly NumberFacts[]): CheckResult {
  const active = numbers.filter((each) => each.status === undefined || each.status === 'active');
  const names = (of: readonly NumberFacts[]): string =>
    of
      .slice(0, 3)
      .map((each) => each.phone_number ?? '?')
      .join(', ');
  if (numbers.length === 0) return fail('no number leads to the application', `buy one, then ${ASSIGN}`);
  if (active.length === 0) {
    return fail(
      `${names(numbers)} is not active (${numbers[0]?.status ?? '?'})`,
      'finish its order or its papers in the portal',
    );
  }
  return ok(`${names(active)}${active.length > 3 ? ` and ${active.length - 3} more` : ''} leads to the application`);
}

/** In: the numbers found for `wanted` (the filter also finds parts), the application's id if it is known. */
export function judgeNumber(numbers: readonly NumberFacts[], wanted: string, applicationId?: string): CheckResult {
  const found = numbers.find((each) => each.phone_number === wanted);
  if (found === undefined)
    return fail(`${wanted} is not a number of this account`, 'check the number and the account of TELNYX_API_KEY');
  if (found.connection_id === undefined || found.connection_id === null || found.connection_id === '') {
    return fail(`${wanted} leads nowhere`, ASSIGN);
  }
  if (applicationId === undefined) {
    return warn(
      `${wanted} leads to a connection, but the application is unknown`,
      'make the check before this one pass',
    );
  }
  if (found.connection_id !== applicationId) {
    return fail(`${wanted} leads to another connection ("${found.connection_name ?? found.connection_id}")`, ASSIGN);
  }
  if (found.status !== undefined && found.status !== 'active') {
    return fail(`${wanted} is not active (${found.status})`, 'finish its order or its papers in the portal');
  }
  return ok(`${wanted} leads to the application`);
}
