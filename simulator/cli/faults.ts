import { type FaultDetails, type FaultKind, type RealtimeFaults } from '../realtime/index.js';
import { type RestFault, type TelnyxFaults, type WebhookFault } from '../telnyx/index.js';
import { splitAssignment } from './switches.js';
import { anyText, didYouMean, milliseconds, onOff, oneOf, type ValueKind, ValueError, wholeNumber } from './values.js';

interface Field<T> {
  readonly kind: ValueKind<T>;
  /** Has to be given. */
  readonly needed: boolean;
}

interface FaultEntry<D> {
  readonly fields: { readonly [Name in keyof D]-?: Field<NonNullable<D[Name]>> };
  readonly about: string;
}

const needed = <T>(kind: ValueKind<T>): Field<T> => ({ kind, needed: true });
const optional = <T>(kind: ValueKind<T>): Field<T> => ({ kind, needed: false });

type RestFaultCatalogue = {
  readonly [K in RestFault['kind']]: FaultEntry<Omit<Extract<RestFault, { kind: K }>, 'kind' | 'headers'>>;
};
type WebhookFaultCatalogue = {
  readonly [K in WebhookFault['kind']]: FaultEntry<Omit<Extract<WebhookFault, { kind: K }>, 'kind'>>;
};
type RealtimeFaultCatalogue = { readonly [K in FaultKind]: FaultEntry<Omit<FaultDetails[K], 'error'>> };

export const REST_FAULTS: RestFaultCatalogue = {
  error: {
    fields: { status: needed(wholeNumber(400)), code: needed(anyText), detail: optional(anyText) },
    about: 'answered with this error, and nothing done',
  },
  timeout: { fields: { effect: needed(onOff) }, about: 'never answered; `effect`: carried out all the same' },
  delay: { fields: { delayMs: needed(milliseconds) }, about: 'answered late' },
  drop: { fields: { effect: needed(onOff) }, about: 'the connection is cut instead of an answer' },
};

export const WEBHOOK_FAULTS: WebhookFaultCatalogue = {
  duplicate: {
    fields: { copies: optional(wholeNumber(1)), afterMs: optional(milliseconds) },
    about: 'sent again, `copies` (1) more times',
  },
  concurrent: { fields: { copies: optional(wholeNumber(1)) }, about: 'sent `copies` (2) times at the same moment' },
  reorder: { fields: {}, about: 'held back until the next event of the call went out' },
  delay: { fields: { delayMs: needed(milliseconds) }, about: 'sent late' },
  drop: { fields: {}, about: 'never sent' },
  'bad-signature': { fields: {}, about: 'signed with another key' },
  'stale-timestamp': { fields: { ageSeconds: optional(wholeNumber()) }, about: 'signed `ageSeconds` (600) ago' },
  'version-1': { fields: {}, about: 'in the old, flat shape' },
};

const eventType = { type: needed(anyText) };
const nthEvent = { ...eventType, nth: optional(wholeNumber(1)) };

export const REALTIME_FAULTS: RealtimeFaultCatalogue = {
  refuseUpgrade: {
    fields: { status: needed(wholeNumber(400)), retryAfterSeconds: optional(wholeNumber()) },
    about: 'the connection is refused with this HTTP status',
  },
  failAuth: { fields: { code: optional(anyText) }, about: 'connected, then an error and close 3000, whatever the key' },
  delayUpgrade: { fields: { ms: needed(milliseconds) }, about: 'the connection is accepted late' },
  delaySessionCreated: { fields: { ms: needed(milliseconds) }, about: '`session.created` comes late' },
  drop: { fields: nthEvent, about: 'the connection is cut instead of sending the `nth` event of this type' },
  stall: { fields: nthEvent, about: 'nothing is sent any more from that event on; the socket stays' },
  late: { fields: { ...eventType, ms: needed(milliseconds) }, about: 'the event comes after its successors' },
  lateTranscript: { fields: { ms: needed(milliseconds) }, about: 'the transcript of the caller’s turn comes late' },
  duplicate: { fields: eventType, about: 'the event is sent twice' },
  omit: { fields: eventType, about: 'the event is lost' },
  keepFormats: { fields: {}, about: '`session.update` is accepted, but the audio formats stay as they were' },
  reject: { fields: eventType, about: 'the client event of this type is answered with an error' },
  ignore: { fields: eventType, about: 'the client event of this type is not answered' },
  failResponse: {
    fields: {
      code: needed(oneOf({ server_error: true, rate_limit_exceeded: true, insufficient_quota: true })),
      afterAudioMs: optional(milliseconds),
    },
    about: 'the response fails, without `afterAudioMs` before anything is said',
  },
  incompleteResponse: {
    fields: {
      reason: needed(oneOf({ content_filter: true, max_output_tokens: true })),
      afterAudioMs: optional(milliseconds),
    },
    about: 'the response ends early, without `afterAudioMs` before anything is said',
  },
};

type LooseCatalogue = Readonly<Record<string, FaultEntry<Record<string, unknown>>>>;

interface ParsedFault {
  kind: string;
  details: Record<string, unknown>;
  /** How often; Infinity: always. */
  times: number;
}

/** Reads `kind,field=value,…,times=N`. Throws ValueError that names what is missing or wrong. */
function parseFault(catalogue: object, text: string): ParsedFault {
  const entries = catalogue as LooseCatalogue;
  const [kind = '', ...assignments] = text.split(',');
  const entry = Object.hasOwn(entries, kind) ? entries[kind] : undefined;
  if (entry === undefined)
    throw new ValueError(
      `--fault: there is no fault "${kind}"${didYouMean(kind, Object.keys(entries))}; there are ${Object.keys(entries).join(', ')}`,
    );
  const parsed: ParsedFault = { kind, details: {}, times: 1 };
  for (const assignment of assignments) {
    const [name, value] = splitAssignment(assignment, `--fault ${kind}`);
    try {
      if (name === 'times') parsed.times = value === 'all' ? Infinity : wholeNumber(1).parse(value);
      else {
        const field = Object.hasOwn(entry.fields, name) ? entry.fields[name] : undefined;
        if (field === undefined)
          throw new ValueError(`it takes ${fieldNames(entry).join(', ') || 'nothing'} and times`);
        parsed.details[name] = field.kind.parse(value);
      }
    } catch (error) {
      throw new ValueError(`--fault ${kind}: ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const missing = fieldNames(entry).filter((name) => entry.fields[name]?.needed && !(name in parsed.details));
  if (missing.length > 0) throw new ValueError(`--fault ${kind}: ${missing.join(' and ')} must be given`);
  return parsed;
}

function fieldNames(entry: FaultEntry<Record<string, unknown>>): string[] {
  return Object.keys(entry.fields);
}

/** Arms `rest:ACTION:kind,field=value` and `webhook:EVENT:kind,field=value`. Throws ValueError. */
export function armTelnyxFaults(faults: TelnyxFaults, texts: readonly string[]): void {
  for (const text of texts) {
    const [where, name, ...rest] = text.split(':');
    if ((where !== 'rest' && where !== 'webhook') || !name || rest.length === 0)
      throw new ValueError(
        `--fault: "${text}" is neither rest:ACTION:FAULT nor webhook:EVENT:FAULT, such as rest:answer:error,status=503,code=10007`,
      );
    const catalogue = where === 'rest' ? REST_FAULTS : WEBHOOK_FAULTS;
    const { kind, details, times } = parseFault(catalogue, rest.join(':'));
    // The catalogue's types say that these fields are the fault's.
    const fault = { kind, ...details } as RestFault & WebhookFault;
    const plan = faults[where === 'rest' ? 'rest' : 'webhooks'];
    if (times === Infinity) plan.all(name, fault);
    else plan.next(name, fault, times);
  }
}

/** Arms `kind,field=value`. Throws ValueError. */
export function armRealtimeFaults(faults: RealtimeFaults, texts: readonly string[]): void {
  for (const text of texts) {
    const { kind, details, times } = parseFault(REALTIME_FAULTS, text);
    faults.arm(kind as FaultKind, details, times);
  }
}

export interface FaultRow {
  name: string;
  fields: string;
  about: string;
}

/** A catalogue as rows of a table; fields that may be left out are in brackets. */
export function faultRows(catalogue: object): FaultRow[] {
  return Object.entries(catalogue as LooseCatalogue).map(([name, entry]) => ({
    name,
    fields: fieldNames(entry)
      .map((field) => (entry.fields[field]?.needed ? field : `[${field}]`))
      .join(', '),
    about: entry.about,
  }));
}
