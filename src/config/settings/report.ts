import { fromText, integer, problem, SECRET_MIN_CHARACTERS, signingSecret } from '../schemas.js';
import { settings } from '../setting.js';
import { reportUrl } from '../urls.js';

/** Standard Webhooks writes a secret as `whsec_` and base64; a library that verifies would refuse anything else there. */
const webhookSecret = signingSecret().pipe(
  fromText((value) =>
    !value.startsWith('whsec_') || /^whsec_([A-Za-z0-9+/]{4}){5,}([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)
      ? value
      : problem('begins with whsec_, and what follows is not the base64 of 16 bytes or more'),
  ),
);

export const report = settings({
  REPORT_URL: {
    meaning:
      'Where a report of every call is posted when it has ended: transcript, turns, usage, cost, end reason. It holds what was said; see docs/report.md.',
    schema: reportUrl,
  },
  REPORT_SECRET: {
    meaning: `Signs the reports (Standard Webhooks); at least ${SECRET_MIN_CHARACTERS} characters. Required with REPORT_URL.`,
    schema: webhookSecret,
    fromFile: 'secret',
  },
  REPORT_TIMEOUT_MS: {
    meaning: 'How long one attempt to deliver a report may take.',
    schema: integer(200, 60_000, 'ms'),
    default: '10000',
  },
  REPORT_GIVE_UP_AFTER_S: {
    meaning: 'A report that could not be delivered for this long is dropped, with an error in the log.',
    schema: integer(1, 86_400, 's'),
    default: '3600',
  },
  LAST_WORDS_WAIT_MS: {
    meaning: 'How long the transcript of the last words is waited for after the hang-up, when there is a report.',
    schema: integer(0, 10_000, 'ms'),
    default: '3000',
  },
});
