/** One refusal of the REST API: its HTTP status and its body. */
export interface RestError {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly pointer?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Status and texts by code, from Telnyx's error tables; 90018 as seen in a real response. 9004x are assumed to be 422. */
const CATALOGUE: Readonly<Record<string, readonly [status: number, title: string, detail: string]>> = {
  '10004': [422, 'Missing required parameter', 'A required parameter is missing.'],
  '10005': [404, 'Resource not found', 'The requested resource or URL could not be found.'],
  '10007': [500, 'Unexpected error', 'Something went wrong on our side.'],
  '10009': [401, 'Authentication failed', 'The required authentication headers were either invalid or not included.'],
  '10011': [429, 'Too many requests', 'You have exceeded the maximum number of allowed requests.'],
  '10015': [422, 'Invalid parameter', 'The value of a parameter is invalid.'],
  '10016': [422, 'Phone number must be in +E164 format', 'The phone number is not in +E164 format.'],
  '10032': [422, 'Invalid enumerated value', 'The value is not one of the allowed ones.'],
  '10033': [422, 'Value outside of range', 'The value is outside of the allowed range.'],
  '90015': [422, 'Invalid Call Control ID', 'The call_control_id provided was not valid.'],
  '90017': [422, 'Invalid value for client_state', 'The client_state must be base64 encoded.'],
  '90018': [422, 'Call has already ended', "This call is no longer active and can't receive commands."],
  '90034': [
    422,
    'Call not answered yet',
    'This call can not receive this command because it has not been answered yet.',
  ],
  '90045': [422, 'Command not allowed', 'This command is not allowed while the call is being streamed.'],
  '90046': [422, 'Streaming failed to start', 'The media stream could not be started.'],
  '90048': [422, 'Streaming is not in use', 'There is no media stream to stop.'],
  '90061': [422, 'Call already answered', 'This command can not be issued on a call that has been answered.'],
  '90102': [422, 'Answer not allowed', 'The answer command is not allowed on outbound calls.'],
};

/** An error by Telnyx's code; unknown codes are a 422 of their own name. */
export function restError(code: string, more: Partial<Omit<RestError, 'code'>> = {}): RestError {
  const [status, title, detail] = CATALOGUE[code] ?? [422, `Error ${code}`, `Error ${code}.`];
  return { status, code, title, detail, ...more };
}

/** The JSON body that carries the error; `code` is a string here. */
export function restErrorBody(error: RestError): string {
  return JSON.stringify({
    errors: [
      {
        code: error.code,
        title: error.title,
        detail: error.detail,
        ...(error.pointer === undefined ? {} : { source: { pointer: error.pointer } }),
        meta: { url: `https://developers.telnyx.com/docs/overview/errors/${error.code}` },
      },
    ],
  });
}
