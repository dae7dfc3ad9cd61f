/** Codecs that Telnyx names in `media_format` and in the stream commands. */
export type TelnyxCodec = 'PCMU' | 'PCMA' | 'G722' | 'OPUS' | 'AMR-WB' | 'L16';

/**
 * Everything about Telnyx that its documents leave open or contradict, and the times that tests want shorter.
 * Mutable while the double runs: each is read at the moment it matters. An app should pass on every setting.
 */
export interface TelnyxSwitches {
  // REST
  /** Time between the `200 ok` and the effect of a command. */
  commandEffectDelayMs: number;
  /** How long a repeated `command_id` is swallowed; the documents say 60 s. */
  commandDedupeMs: number;
  /** Answer to a command for an id that never was: the code tables list both. */
  unknownCall: '90015' | '10005';
  /** A second `streaming_start` while a stream lives. */
  secondStream: 'refused' | 'replaces';
  /**
   * A stream whose socket was lost, without a re-dial and without a webhook: over for Telnyx too, or still in its books,
   * so that the next `streaming_start` needs a `streaming_stop` before it.
   */
  lostStream: 'over' | 'in-use';
  /** Actions refused with 90045 while a stream lives. Telnyx says "some" and does not name them. */
  refusedWhileStreaming: readonly string[];
  /** `stream_auth_token`, `custom_parameters` and sampling rate on `answer`: absent in the schema, sent by some apps. */
  streamExtrasOnAnswer: 'ignored' | 'honoured';
  /** A `transfer` of a call that was not answered: refused with 90034, or answered with the second leg. */
  transferBeforeAnswer: 'accepted' | 'refused';
  /** How `active_calls` is paged: the SDK reads page numbers, the text of the schema says cursors. */
  activeCallsPaging: 'pages' | 'cursors';
  /** How long the status of an ended call can be asked for. */
  endedCallKeptMs: number;
  /** Whether a dialled leg carries another `call_control_id` in its webhooks than in the response. */
  dialIdChanges: boolean;
  /** An inbound call without any command is hung up after this; the portal's setting is off by default. */
  firstCommandTimeoutMs: number | undefined;

  // Webhooks
  webhookTimeoutMs: number;
  /** Pauses before the second, third, ... attempt. The documents disagree on how many there are. */
  webhookRetryDelaysMs: readonly number[];
  /** Used from the third attempt on. */
  webhookFailoverUrl: string | undefined;
  webhookRedirects: 'followed' | 'failure';
  /** Whether an event waits until the one before it (same call) was delivered. Telnyx promises no order. */
  webhookOrder: 'concurrent' | 'in-order';
  /** `"1"` is the default of a Call Control application in the portal: another, flat shape. */
  webhookApiVersion: '1' | '2';
  /** `underscores`: `streaming_started` instead of `streaming.started`, as one project has seen. */
  streamingEventNames: 'dots' | 'underscores';
  /** What `client_state` is while no command has set one. */
  emptyClientState: 'null' | 'absent';
  /** Whether `call.answered` carries `state`; a real inbound body had none. */
  answeredHasState: boolean;
  /** A `call.dtmf.received` webhook for every key, also without a gather. */
  dtmfWebhook: boolean;
  /** A `call.cost` webhook after the hang-up. */
  callCostWebhook: boolean;
  /** `hangup_source` when the app hangs up by REST. */
  hangupSourceOnApi: 'caller' | 'callee' | 'unknown';
  sipHangupCauseOnApi: string;

  // Media socket
  /** A `dtmf` frame for every key. */
  dtmfFrame: boolean;
  /** A `protocol` word in the `connected` frame; seen in one fixture only. */
  connectedProtocol: string | undefined;
  connectTimeoutMs: number;
  /** Offer permessage-deflate at the upgrade. */
  offerCompression: boolean;
  userAgent: string | undefined;
  /** `false` accepts self-signed certificates on the media socket and on webhook URLs. */
  validateCertificates: boolean;
  /** 0: Telnyx sends no pings. */
  pingIntervalMs: number;
  answersPings: boolean;
  /** Number of the first `media` frame; `start` has 1, Telnyx's own example shows 4. */
  firstMediaSequence: number;
  timestampUnit: 'ms' | 'samples';
  /** Whether `stream_codec` is honoured between PCMU and PCMA, or the phone leg's codec is sent as it is. */
  transcoding: 'honoured' | 'leg-codec';
  /** What the media stream carries while the caller is silent. Comfort noise was measured at -34.6 dB. */
  callerSilence: 'silence' | 'comfort-noise' | 'suppressed';
  /** Which `stream_bidirectional_target_legs` reaches the caller of a single leg (`both` always does). */
  targetLegs: 'self' | 'opposite' | 'any';
  /** Media below 20 ms or above 30 s: refused with an error frame, or played. */
  chunkLimits: 'enforced' | 'lenient';
  /** Fields beyond the documented ones in the app's frames. */
  extraFieldsInAppFrames: 'ignored' | 'malformed';
  maxMediaMessagesPerSecond: number | undefined;
  maxQueuedMs: number | undefined;
  afterErrorFrame: 'continues' | 'closes';
  /** Audio that is queued when the media socket is lost. */
  queueOnSocketLoss: 'dropped' | 'plays-out';
  /** What Telnyx does when the app closes or loses the socket while the call lives. */
  reconnect: 'none' | 'redial';
  reconnectDelayMs: number;
  reconnectMaxAttempts: number;
  reconnectStreamId: 'same' | 'new';
  /** Close codes by which the app stops the re-dialling. */
  reconnectStopCodes: readonly number[];
  /** Webhook for a socket that the app closed or lost, when there is no re-dial. */
  lossWebhook: 'none' | 'streaming.failed' | 'streaming.stopped';
  /** How long after the loss. */
  lossWebhookDelayMs: number;
  failureReason: string;

  // The far end
  /** Time of one character when `speak` reads a text; 60 ms is a usual pace. */
  speakMsPerCharacter: number;
  playbackMs: number;
  /** What becomes of a leg that the app dials or transfers to. `manual`: the test decides with `pickUp` or `decline`. */
  dialOutcome: 'answered' | 'no_answer' | 'busy' | 'manual';
  dialRingMs: number;
  /** The caller's media stream once the call was bridged to another leg. */
  streamAfterBridge: 'continues' | 'stops';
  amdResult: 'human' | 'machine' | 'not_sure';
}

export const DEFAULT_SWITCHES: Readonly<TelnyxSwitches> = {
  commandEffectDelayMs: 5,
  commandDedupeMs: 60_000,
  unknownCall: '90015',
  secondStream: 'refused',
  lostStream: 'over',
  refusedWhileStreaming: [],
  streamExtrasOnAnswer: 'ignored',
  transferBeforeAnswer: 'refused',
  activeCallsPaging: 'pages',
  endedCallKeptMs: 600_000,
  dialIdChanges: false,
  firstCommandTimeoutMs: undefined,

  webhookTimeoutMs: 2000,
  webhookRetryDelaysMs: [1000, 5000, 15_000, 60_000],
  webhookFailoverUrl: undefined,
  webhookRedirects: 'failure',
  webhookOrder: 'concurrent',
  webhookApiVersion: '2',
  streamingEventNames: 'dots',
  emptyClientState: 'null',
  answeredHasState: false,
  dtmfWebhook: false,
  callCostWebhook: false,
  hangupSourceOnApi: 'callee',
  sipHangupCauseOnApi: 'unspecified',

  dtmfFrame: true,
  connectedProtocol: undefined,
  connectTimeoutMs: 5000,
  offerCompression: false,
  userAgent: undefined,
  validateCertificates: true,
  pingIntervalMs: 0,
  answersPings: true,
  firstMediaSequence: 4,
  timestampUnit: 'ms',
  transcoding: 'honoured',
  callerSilence: 'silence',
  targetLegs: 'self',
  chunkLimits: 'enforced',
  extraFieldsInAppFrames: 'ignored',
  maxMediaMessagesPerSecond: undefined,
  maxQueuedMs: undefined,
  afterErrorFrame: 'continues',
  queueOnSocketLoss: 'dropped',
  reconnect: 'none',
  reconnectDelayMs: 500,
  reconnectMaxAttempts: 3,
  reconnectStreamId: 'same',
  reconnectStopCodes: [],
  lossWebhook: 'none',
  lossWebhookDelayMs: 0,
  failureReason: 'connection_failed',

  speakMsPerCharacter: 60,
  playbackMs: 1000,
  dialOutcome: 'answered',
  dialRingMs: 50,
  streamAfterBridge: 'continues',
  amdResult: 'human',
};
