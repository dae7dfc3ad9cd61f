import { restError, type RestError } from './rest-errors.js';

export type CommandBody = Readonly<Record<string, unknown>>;

type Rule =
  | { readonly kind: 'string' | 'base64' | 'number-or-sip' | 'stream-url' | 'digits'; readonly required?: boolean }
  | { readonly kind: 'enum'; readonly values: readonly (string | number)[]; readonly required?: boolean }
  | { readonly kind: 'range'; readonly min: number; readonly max: number };

export type CommandRules = Readonly<Record<string, Rule>>;

const CODECS = ['PCMU', 'PCMA', 'G722', 'OPUS', 'AMR-WB', 'L16'] as const;

/** On every command. */
const COMMON: CommandRules = { client_state: { kind: 'base64' }, command_id: { kind: 'string' } };

const STREAM: CommandRules = {
  stream_url: { kind: 'stream-url' },
  stream_track: { kind: 'enum', values: ['inbound_track', 'outbound_track', 'both_tracks'] },
  stream_codec: { kind: 'enum', values: [...CODECS, 'default'] },
  stream_bidirectional_mode: { kind: 'enum', values: ['mp3', 'rtp'] },
  stream_bidirectional_codec: { kind: 'enum', values: CODECS },
  stream_bidirectional_target_legs: { kind: 'enum', values: ['opposite', 'self', 'both'] },
  stream_bidirectional_sampling_rate: { kind: 'enum', values: [8000, 16_000, 22_050, 24_000, 48_000] },
  stream_auth_token: { kind: 'string' },
};

/** What the API checks of each command's body, by action. `dial` is `POST /v2/calls`. */
export const COMMAND_RULES: Readonly<Record<string, CommandRules>> = {
  dial: {
    connection_id: { kind: 'string', required: true },
    from: { kind: 'number-or-sip', required: true },
    to: { kind: 'number-or-sip', required: true },
    timeout_secs: { kind: 'range', min: 5, max: 600 },
    time_limit_secs: { kind: 'range', min: 30, max: 14_400 },
    ...STREAM,
  },
  answer: STREAM,
  hangup: {},
  reject: { cause: { kind: 'enum', values: ['CALL_REJECTED', 'USER_BUSY'], required: true } },
  streaming_start: { ...STREAM, stream_url: { kind: 'stream-url', required: true } },
  streaming_stop: { stream_id: { kind: 'string' } },
  speak: {
    payload: { kind: 'string', required: true },
    voice: { kind: 'string', required: true },
    payload_type: { kind: 'enum', values: ['text', 'ssml'] },
    service_level: { kind: 'enum', values: ['basic', 'premium'] },
  },
  transfer: {
    to: { kind: 'number-or-sip', required: true },
    from: { kind: 'number-or-sip' },
    target_leg_client_state: { kind: 'base64' },
    timeout_secs: { kind: 'range', min: 5, max: 600 },
    time_limit_secs: { kind: 'range', min: 30, max: 14_400 },
    park_after_unbridge: { kind: 'enum', values: ['self'] },
  },
  send_dtmf: {
    digits: { kind: 'digits', required: true },
    duration_millis: { kind: 'range', min: 100, max: 500 },
  },
  playback_start: { audio_url: { kind: 'string' }, media_name: { kind: 'string' } },
  playback_stop: {},
  // The SDK's parameter has a longer name; this is what it sends.
  bridge: { call_control_id: { kind: 'string', required: true } },
  client_state_update: { client_state: { kind: 'base64', required: true } },
};

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const MAX_URL_LENGTH = 2000;

/** @returns the first thing that is wrong with a command's body, or `undefined` */
export function checkCommand(action: string, body: CommandBody): RestError | undefined {
  for (const [name, rule] of Object.entries({ ...COMMON, ...COMMAND_RULES[action] })) {
    const value = body[name];
    const pointer = `/${name}`;
    if (value === undefined || value === null || value === '') {
      if ('required' in rule && rule.required) {
        return restError('10004', { pointer, detail: `The '${name}' parameter is required.` });
      }
    } else {
      const error = checkValue(rule, name, value);
      if (error !== undefined) return { ...error, pointer };
    }
  }
  return undefined;
}

function checkValue(rule: Rule, name: string, value: unknown): RestError | undefined {
  const isText = typeof value === 'string';
  switch (rule.kind) {
    case 'string':
      return isText ? undefined : restError('10015', { detail: `'${name}' must be a string.` });
    case 'base64':
      return isText && BASE64.test(value) ? undefined : restError('90017');
    case 'enum': {
      const allowed = rule.values.join(', ');
      const known = rule.values.some((candidate) => candidate === value);
      return known ? undefined : restError('10032', { detail: `'${name}' must be one of ${allowed}.` });
    }
    case 'range': {
      const inRange = typeof value === 'number' && value >= rule.min && value <= rule.max;
      return inRange ? undefined : restError('10033', { detail: `'${name}' must be ${rule.min} to ${rule.max}.` });
    }
    case 'digits':
      return isText && /^[0-9A-DwW*#]+$/.test(value) ? undefined : restError('10015', { detail: 'Invalid digits.' });
    case 'number-or-sip': {
      const targets: unknown[] = Array.isArray(value) ? value : [value];
      const valid = targets.every(
        (target) => typeof target === 'string' && /^(?:\+[1-9]\d{1,14}|sips?:.+)$/.test(target),
      );
      return valid && targets.length > 0 ? undefined : restError('10016');
    }
    case 'stream-url':
      return isText && isStreamUrl(value)
        ? undefined
        : restError('10015', { detail: `'${name}' is no WebSocket URL.` });
  }
}

function isStreamUrl(value: string): boolean {
  return value.length <= MAX_URL_LENGTH && URL.canParse(value) && /^wss?:$/.test(new URL(value).protocol);
}
