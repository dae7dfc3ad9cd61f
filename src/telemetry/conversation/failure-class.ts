/** What kind of trouble a failure's code stands for. */
export type FailureClass =
  | 'auth'
  | 'quota'
  | 'rate-limit'
  | 'configuration'
  | 'expired'
  | 'server'
  | 'silent'
  | 'network'
  | 'internal'
  | 'race'
  | 'other';

const CLASSES: readonly (readonly [FailureClass, readonly string[]])[] = [
  ['auth', ['invalid_api_key', 'insufficient_permissions', 'account_deactivated', 'http-401', 'http-403']],
  ['quota', ['insufficient_quota', 'credit_balance_exhausted', 'billing_hard_limit_reached']],
  ['rate-limit', ['rate_limit_error', 'rate_limit_exceeded', 'inference_rate_limit_exceeded', 'http-429']],
  [
    'configuration',
    ['invalid_model', 'missing_model', 'model_not_found', 'beta_api_shape_disabled', 'formats-not-echoed', 'http-404'],
  ],
  ['expired', ['session_expired']],
  ['server', ['server_error']],
  // Connected, and then nothing.
  ['silent', ['timeout', 'http-408', 'model-stalled', 'model-silent', 'model-not-reading']],
  ['network', ['socket-error']],
  ['internal', ['internal-error', 'closed']],
  // The model began or ended an answer just before it was told to: nothing is wrong.
  ['race', ['conversation_already_has_active_response', 'response_cancel_not_active']],
];
const BY_CODE = new Map(CLASSES.flatMap(([name, codes]) => codes.map((code) => [code, name])));

/** Of few values, for figures: codes come from outside, and new ones without notice. */
export function failureClass(code: string): FailureClass {
  const known = BY_CODE.get(code);
  if (known) return known;
  if (/^http-5\d\d$/.test(code)) return 'server';
  // Codes below 3000 are the protocol's own; the system's (and those of `ws`) are in capitals.
  if (/^close-[12]\d{3}$/.test(code) || /^(E|WS_ERR_)[A-Z0-9_]+$/.test(code)) return 'network';
  return 'other';
}

/** A code of the model's as it may stand in a span: what is no single word might be words of a caller. */
export function codeWord(code: string): string {
  return /^[\w.-]{1,64}$/.test(code) ? code : '_OTHER';
}
