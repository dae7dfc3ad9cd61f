import { type WireError } from './wire-types.js';

/** An `invalid_request_error`, the class of nearly every error that a client can cause. */
export function invalidRequest(code: string | null, message: string, param: string | null = null): WireError {
  return { type: 'invalid_request_error', code, message, param };
}

export const unknownParameter = (param: string): WireError =>
  invalidRequest('unknown_parameter', `Unknown parameter: '${param}'.`, param);

export const missingParameter = (param: string): WireError =>
  invalidRequest('missing_required_parameter', `Missing required parameter: '${param}'.`, param);

export const invalidApiKey = (): WireError => invalidRequest('invalid_api_key', 'Incorrect API key provided.');

export const betaShapeDisabled = (): WireError =>
  invalidRequest(
    'beta_api_shape_disabled',
    'The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.',
  );

export const missingModel = (): WireError =>
  invalidRequest('missing_model', 'You must provide a model parameter.', 'model');

export const invalidModel = (model: string): WireError =>
  invalidRequest('invalid_model', `Model "${model}" is not supported in realtime mode.`, 'model');

export const sessionExpired = (): WireError =>
  invalidRequest('session_expired', 'Your session hit the maximum duration of 60 minutes.');

export const cancelNotActive = (): WireError =>
  invalidRequest('response_cancel_not_active', 'Cancellation failed: no active response found');

export const alreadyActive = (responseId: string): WireError =>
  invalidRequest(
    'conversation_already_has_active_response',
    `Conversation already has an active response in progress: ${responseId}. Wait until the response is finished before creating a new one.`,
  );

export const commitEmpty = (bufferedMs: number): WireError =>
  invalidRequest(
    'input_audio_buffer_commit_empty',
    `Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has ${bufferedMs.toFixed(2)}ms of audio.`,
  );

export const cannotUpdateVoice = (): WireError =>
  invalidRequest(
    'cannot_update_voice',
    "Cannot update a conversation's voice if assistant audio is present.",
    'session.audio.output.voice',
  );

export const notModelAudio = (): WireError => invalidRequest(null, 'Only model output audio messages can be truncated');

export const alreadyShorter = (itemMs: number, wantedMs: number): WireError =>
  invalidRequest(null, `Audio content of ${itemMs}ms is already shorter than ${wantedMs}ms`);

export const serverError = (): WireError => ({
  type: 'server_error',
  code: null,
  message: 'The server had an error while processing your request. Sorry about that!',
  param: null,
});

/** The close reason that goes with a fatal error: `<type>.<code>`, at most 123 bytes as RFC 6455 allows. */
export function closeReasonOf(error: WireError): string {
  return `${error.type}.${error.code ?? 'unknown'}`.slice(0, 123);
}
