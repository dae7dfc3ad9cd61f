import { NotFoundError } from 'telnyx';
import { type Check, ok, skip, warn } from '../check.js';
import { explainTelnyx } from '../explain-telnyx.js';

const FIX =
  'needed only for transfers: give the application an outbound voice profile in the portal (Voice, Outbound voice profiles)';

/** Without a profile Telnyx refuses to dial, and a transfer is a dialled leg. Answering needs none. */
export const outbound: Check = {
  name: 'outbound voice profile',
  async run({ telnyx, found }) {
    if (found.application === undefined) return skip('needs the Call Control application');
    const id = found.application.outbound?.outbound_voice_profile_id;
    if (id === undefined || id === null || id === '') return warn('the application has none', FIX);
    try {
      const { data } = await telnyx.outboundVoiceProfiles.retrieve(id);
      const name = `"${data?.name ?? id}"`;
      return data?.enabled === false
        ? warn(`${name} is switched off`, `enable it; ${FIX}`)
        : ok(`${name}, for transfers`);
    } catch (error) {
      if (error instanceof NotFoundError) return warn('the one that the application names does not exist', FIX);
      const { detail } = explainTelnyx(error, 'the outbound voice profile');
      return warn(detail, FIX);
    }
  },
};
