import { type TelnyxSwitches } from '../telnyx/index.js';
import { type SwitchCatalogue } from './switches.js';
import { anyText, listOf, maybe, milliseconds, onOff, oneOf, wholeNumber } from './values.js';

/** The switches of the Telnyx double as the command line takes them. */
export const TELNYX_SWITCHES: SwitchCatalogue<TelnyxSwitches> = {
  commandEffectDelayMs: { kind: milliseconds, about: 'time between the `200 ok` and the effect of a command' },
  commandDedupeMs: { kind: milliseconds, about: 'how long a repeated `command_id` is swallowed' },
  unknownCall: { kind: oneOf({ '90015': true, '10005': true }), about: 'error code for a call id that never was' },
  secondStream: { kind: oneOf({ refused: true, replaces: true }), about: '`streaming_start` while a stream lives' },
  lostStream: {
    kind: oneOf({ over: true, 'in-use': true }),
    about: 'a stream lost for good without a webhook; in-use: it has to be stopped before the next one',
  },
  refusedWhileStreaming: { kind: listOf(anyText), about: 'actions refused with 90045 while a stream lives' },
  streamExtrasOnAnswer: {
    kind: oneOf({ ignored: true, honoured: true }),
    about: '`stream_auth_token` and `custom_parameters` on `answer`',
  },
  transferBeforeAnswer: {
    kind: oneOf({ accepted: true, refused: true }),
    about: '`transfer` of a call that was not answered',
  },
  activeCallsPaging: { kind: oneOf({ pages: true, cursors: true }), about: 'how `active_calls` is paged' },
  endedCallKeptMs: { kind: milliseconds, about: 'how long the status of an ended call can be asked for' },
  dialIdChanges: { kind: onOff, about: 'a dialled leg has another `call_control_id` in webhooks than in the response' },
  firstCommandTimeoutMs: { kind: maybe(milliseconds), about: 'a call without any command is hung up after this' },

  webhookTimeoutMs: { kind: milliseconds, about: 'a webhook not answered by then has failed' },
  webhookRetryDelaysMs: { kind: listOf(milliseconds), about: 'pauses before the second, third, … attempt' },
  webhookFailoverUrl: { kind: maybe(anyText), about: 'used from the third attempt on' },
  webhookRedirects: { kind: oneOf({ followed: true, failure: true }), about: 'what a redirect of a webhook is' },
  webhookOrder: {
    kind: oneOf({ concurrent: true, 'in-order': true }),
    about: 'whether an event waits until the one before it was delivered',
  },
  webhookApiVersion: { kind: oneOf({ '1': true, '2': true }), about: 'shape of the webhooks; 1 is the old, flat one' },
  streamingEventNames: {
    kind: oneOf({ dots: true, underscores: true }),
    about: '`streaming.started` or `streaming_started`',
  },
  emptyClientState: { kind: oneOf({ null: true, absent: true }), about: '`client_state` that no command has set' },
  answeredHasState: { kind: onOff, about: '`call.answered` carries `state`' },
  dtmfWebhook: { kind: onOff, about: '`call.dtmf.received` for every key' },
  callCostWebhook: { kind: onOff, about: '`call.cost` after the hang-up' },
  hangupSourceOnApi: {
    kind: oneOf({ caller: true, callee: true, unknown: true }),
    about: '`hangup_source` when the gateway hangs up',
  },
  sipHangupCauseOnApi: { kind: anyText, about: '`sip_hangup_cause` when the gateway hangs up' },

  dtmfFrame: { kind: onOff, about: '`dtmf` frame on the media socket for every key' },
  connectedProtocol: { kind: maybe(anyText), about: '`protocol` in the `connected` frame' },
  connectTimeoutMs: { kind: milliseconds, about: 'time for the media socket to open' },
  offerCompression: { kind: onOff, about: 'offer permessage-deflate on the media socket' },
  userAgent: { kind: maybe(anyText), about: 'User-Agent of the media socket' },
  validateCertificates: { kind: onOff, about: 'off: self-signed certificates are accepted' },
  pingIntervalMs: { kind: milliseconds, about: 'pings on the media socket; 0: none' },
  answersPings: { kind: onOff, about: 'pings of the gateway are answered' },
  firstMediaSequence: { kind: wholeNumber(1), about: 'sequence number of the first `media` frame' },
  timestampUnit: { kind: oneOf({ ms: true, samples: true }), about: 'unit of `media.timestamp`' },
  transcoding: {
    kind: oneOf({ honoured: true, 'leg-codec': true }),
    about: '`stream_codec` is honoured, or the phone leg’s codec is sent',
  },
  callerSilence: {
    kind: oneOf({ silence: true, 'comfort-noise': true, suppressed: true }),
    about: 'what the stream carries while the caller is silent',
  },
  targetLegs: {
    kind: oneOf({ self: true, opposite: true, any: true }),
    about: 'which `stream_bidirectional_target_legs` reaches the caller',
  },
  chunkLimits: {
    kind: oneOf({ enforced: true, lenient: true }),
    about: 'media below 20 ms or above 30 s: refused, or played',
  },
  extraFieldsInAppFrames: {
    kind: oneOf({ ignored: true, malformed: true }),
    about: 'fields that are not documented, in the gateway’s frames',
  },
  maxMediaMessagesPerSecond: { kind: maybe(wholeNumber(1)), about: 'more `media` frames than this are an error' },
  maxQueuedMs: { kind: maybe(milliseconds), about: 'more queued audio than this is an error' },
  afterErrorFrame: { kind: oneOf({ continues: true, closes: true }), about: 'the stream after an error frame' },
  queueOnSocketLoss: {
    kind: oneOf({ dropped: true, 'plays-out': true }),
    about: 'queued audio when the media socket is lost',
  },
  reconnect: { kind: oneOf({ none: true, redial: true }), about: 'what follows a media socket lost in mid-call' },
  reconnectDelayMs: { kind: milliseconds, about: 'pause before a re-dial' },
  reconnectMaxAttempts: { kind: wholeNumber(), about: 're-dials before it is given up' },
  reconnectStreamId: { kind: oneOf({ same: true, new: true }), about: 'stream id after a re-dial' },
  reconnectStopCodes: { kind: listOf(wholeNumber(1000)), about: 'close codes by which the gateway stops the re-dial' },
  lossWebhook: {
    kind: oneOf({ none: true, 'streaming.failed': true, 'streaming.stopped': true }),
    about: 'webhook for a lost media socket without re-dial',
  },
  lossWebhookDelayMs: { kind: milliseconds, about: 'pause before that webhook' },
  failureReason: { kind: anyText, about: '`failure_reason` of `streaming.failed`' },

  speakMsPerCharacter: { kind: milliseconds, about: 'pace of `speak`' },
  playbackMs: { kind: milliseconds, about: 'length of any `playback_start`' },
  dialOutcome: {
    kind: oneOf({ answered: true, no_answer: true, busy: true, manual: true }),
    about: 'what becomes of a leg that the gateway dials; manual: it rings on',
  },
  dialRingMs: { kind: milliseconds, about: 'time that such a leg rings' },
  streamAfterBridge: { kind: oneOf({ continues: true, stops: true }), about: 'the caller’s stream after a bridge' },
  amdResult: {
    kind: oneOf({ human: true, machine: true, not_sure: true }),
    about: 'result of answering machine detection',
  },
};
