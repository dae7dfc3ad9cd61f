/** An object of the account as the REST API shows it; only what a set-up checker reads is typed. */
export interface CallControlApplicationFixture {
  readonly id: string;
  readonly application_name?: string;
  readonly active?: boolean;
  readonly webhook_api_version?: '1' | '2';
  readonly webhook_event_url?: string;
  readonly webhook_event_failover_url?: string | null;
  readonly webhook_timeout_secs?: number | null;
  readonly outbound?: { readonly outbound_voice_profile_id?: string };
  readonly [field: string]: unknown;
}

export interface PhoneNumberFixture {
  readonly phone_number: string;
  readonly id?: string;
  readonly status?: string;
  readonly connection_id?: string | null;
  readonly [field: string]: unknown;
}

export interface OutboundVoiceProfileFixture {
  readonly id: string;
  readonly name: string;
  readonly enabled?: boolean;
  readonly [field: string]: unknown;
}

/** What the portal would show; replace it as a test needs. */
export interface TelnyxAccount {
  applications: readonly CallControlApplicationFixture[];
  phoneNumbers: readonly PhoneNumberFixture[];
  outboundVoiceProfiles: readonly OutboundVoiceProfileFixture[];
  balance: string;
}

export const DEFAULT_CONNECTION_ID = '2811212257810187875';

/** A set-up in which everything is right, but for the webhook URL that only the test knows. */
export function defaultAccount(): TelnyxAccount {
  return {
    applications: [
      {
        id: DEFAULT_CONNECTION_ID,
        record_type: 'call_control_application',
        application_name: 'parley',
        active: true,
        webhook_api_version: '2',
        webhook_event_url: 'https://gw.example.com/webhooks/',
        webhook_event_failover_url: null,
        webhook_timeout_secs: null,
        outbound: { outbound_voice_profile_id: '1911630617284445511' },
      },
    ],
    phoneNumbers: [
      {
        id: '2811212257810187001',
        record_type: 'phone_number',
        phone_number: '+15550100002',
        status: 'active',
        connection_id: DEFAULT_CONNECTION_ID,
        connection_name: 'parley',
      },
    ],
    outboundVoiceProfiles: [
      { id: '1911630617284445511', record_type: 'outbound_voice_profile', name: 'default', enabled: true },
    ],
    balance: '25.00',
  };
}

/**
 * Answers `GET` on the account's resources.
 * @param path below `/v2`, as `['phone_numbers']` or `['call_control_applications', '28...']`
 * @returns the body; `undefined` for what is not there
 */
export function readAccount(
  account: TelnyxAccount,
  path: readonly string[],
  query: URLSearchParams,
): object | undefined {
  const [resource, id, ...rest] = path;
  if (rest.length > 0) return undefined;
  switch (resource) {
    case 'balance': {
      const { balance } = account;
      const data = {
        record_type: 'balance',
        balance,
        available_credit: balance,
        credit_limit: '0.00',
        currency: 'USD',
      };
      return id === undefined ? { data } : undefined;
    }
    case 'call_control_applications':
      return id === undefined ? page(account.applications, query) : one(account.applications, id);
    case 'outbound_voice_profiles':
      return id === undefined ? page(account.outboundVoiceProfiles, query) : one(account.outboundVoiceProfiles, id);
    case 'phone_numbers': {
      if (id !== undefined) return one(account.phoneNumbers, id);
      const connection = query.get('filter[connection_id]');
      const digits = query.get('filter[phone_number]')?.replace(/[^\d]/g, '');
      const matching = account.phoneNumbers.filter(
        (number) =>
          (connection === null || number.connection_id === connection) &&
          (digits === undefined || number.phone_number.includes(digits)),
      );
      return page(matching, query);
    }
    default:
      return undefined;
  }
}

function one<T extends { id?: string }>(all: readonly T[], id: string): object | undefined {
  const data = all.find((item) => item.id === id);
  return data === undefined ? undefined : { data };
}

/** One page in the account API's form: `page[number]` and `page[size]`, 20 to a page. */
export function page<T>(all: readonly T[], query: URLSearchParams): object {
  const size = Number(query.get('page[size]')) || 20;
  const number = Number(query.get('page[number]')) || 1;
  return {
    data: all.slice((number - 1) * size, number * size),
    meta: {
      page_number: number,
      page_size: size,
      total_pages: Math.ceil(all.length / size),
      total_results: all.length,
    },
  };
}
