import { APIError } from 'telnyx';
import { z } from 'zod';
import { publicKeyList } from '../../config/public-keys.js';
import { type Check, fail, ok, warn } from '../check.js';
import { explainTelnyx } from '../explain-telnyx.js';

const answer = z.object({ data: z.object({ public: z.string().min(1) }) });

/** `GET /public_key` has no method in the SDK; it answers `{"data":{"public":"<base64>"}}`. */
export const publicKey: Check = {
  name: 'Telnyx public key',
  async run({ config, telnyx, found }) {
    if (config.telnyx.publicKeys === undefined) {
      return warn(
        'signatures are off: anyone can send webhooks',
        'set TELNYX_PUBLIC_KEY and take WEBHOOK_SIGNATURE=off away',
      );
    }
    const keys = publicKeyList(config.telnyx.publicKeys.value);
    const form =
      keys.length === 1 ? 'has the right form (32 bytes)' : `${keys.length} keys of the right form (32 bytes)`;
    const unverified = warn(
      `${form}; Telnyx could not be asked whether it is the right one`,
      'compare it with the portal (API Keys, Public Key); a wrong one shows as webhooks refused with 401',
    );
    if (found.telnyxAnswers !== true) return unverified;
    try {
      const parsed = answer.safeParse(await telnyx.get<unknown>('/public_key'));
      if (!parsed.success) return unverified;
      if (keys.includes(parsed.data.data.public.trim())) return ok('is the one that Telnyx signs with');
      return fail(
        "is not this account's key: every webhook would be refused with 401",
        'copy it from the portal (API Keys, Public Key) of the account that TELNYX_API_KEY belongs to',
      );
    } catch (error) {
      if (error instanceof APIError && error.status !== undefined && error.status < 500) return unverified;
      return explainTelnyx(error, 'the public key');
    }
  },
};
