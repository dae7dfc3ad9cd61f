import { isLoopback } from '../../config/urls.js';
import {
  type CallControlApplication,
  type Check,
  type CheckResult,
  type DoctorContext,
  fail,
  ok,
  skip,
  warn,
} from '../check.js';
import { explainTelnyx } from '../explain-telnyx.js';
import { baseOf, httpUrl, samePlace, WEBHOOK_PATH } from '../public-base.js';

/** Ten pages of a hundred: more applications than an account has, and an end if the pages never do. */
const MOST_APPLICATIONS = 1000;
const PORTAL = 'in the portal (Voice, Programmable Voice, Call Control applications)';

/** The Call Control application whose webhooks come to this gateway. */
export const application: Check = {
  name: 'Call Control application',
  async run(context) {
    if (context.found.telnyxAnswers !== true) return skip('needs the Telnyx API key to work');
    let all: CallControlApplication[];
    try {
      all = await listApplications(context);
    } catch (error) {
      return explainTelnyx(error, 'the Call Control applications');
    }
    const choice = chooseApplication(all, context.config.stream.publicUrl);
    if ('result' in choice) return choice.result;
    context.found.application = choice.application;
    return judgeApplication(choice.application);
  },
};

async function listApplications({ telnyx }: DoctorContext): Promise<CallControlApplication[]> {
  const all: CallControlApplication[] = [];
  for await (const each of telnyx.callControlApplications.list({ 'page[size]': 100 })) {
    all.push(each);
    if (all.length >= MOST_APPLICATIONS) break;
  }
  return all;
}

/**
 * The application that belongs to this gateway. With PUBLIC_URL the one whose webhooks go there; without it the only one
 * whose webhook URL looks like ours.
 */
export function chooseApplication(
  all: readonly CallControlApplication[],
  publicUrl: URL | undefined,
): { application: CallControlApplication } | { result: CheckResult } {
  const wanted = publicUrl === undefined ? 'https://YOUR-HOST/webhooks/' : httpUrl(publicUrl, WEBHOOK_PATH).href;
  if (all.length === 0) {
    return { result: fail('there is none', `create one ${PORTAL} with webhook URL ${wanted} and API version 2`) };
  }
  const fitting =
    publicUrl === undefined
      ? all.filter((each) => baseOf(each) !== undefined)
      : all.filter((each) => samePlace(each.webhook_event_url, httpUrl(publicUrl, WEBHOOK_PATH)));
  const [first, ...others] = fitting;
  if (first === undefined) {
    const seen = all.slice(0, 5).map((each) => `${label(each)} → ${each.webhook_event_url ?? 'no URL'}`);
    return {
      result: fail(
        `none sends its webhooks to ${publicUrl === undefined ? 'a /webhooks/ address' : wanted}; there is ${seen.join('; ')}`,
        `set the webhook URL of the right one to ${wanted} ${PORTAL}${publicUrl === undefined ? '' : ', or correct PUBLIC_URL'}`,
      ),
    };
  }
  if (others.length > 0 && publicUrl === undefined) {
    return {
      result: warn(
        `${fitting.length} could be this gateway's: ${fitting.map(label).join(', ')}`,
        'set PUBLIC_URL, so that the right one can be told',
      ),
    };
  }
  return { application: others.length === 0 ? first : (fitting.find((each) => each.active !== false) ?? first) };
}

/** Whether the application is set up so that calls work. */
export function judgeApplication(found: CallControlApplication): CheckResult {
  const name = label(found);
  if (found.active === false) return fail(`${name} is switched off`, `activate it ${PORTAL}`);
  if (found.webhook_api_version !== '2') {
    return fail(
      `${name} sends webhooks in the shape of API version ${found.webhook_api_version ?? '1'}, which is refused with 400`,
      `set its webhook API version to 2 ${PORTAL}`,
    );
  }
  const url = found.webhook_event_url;
  if (url !== undefined && URL.canParse(url)) {
    const { protocol, hostname } = new URL(url);
    if (protocol === 'http:' && !isLoopback(hostname)) {
      return warn(`${name} sends its webhooks unencrypted, over http`, `make its webhook URL https ${PORTAL}`);
    }
  }
  return ok(`${name} sends webhooks here, API version 2`);
}

function label(each: CallControlApplication): string {
  return `"${each.application_name ?? each.id ?? 'without a name'}"`;
}
