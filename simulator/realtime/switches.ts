/** What the real service does is not proven for each of these; a gateway has to work with every setting. */
export interface RealtimeSwitches {
  /** Audio in one `response.output_audio.delta`, in ms of playing time. Default 200; 100 to 400 is plausible. */
  deltaMs: number | { min: number; max: number };
  /** How much faster than real time audio is delivered. 8 by default, 1 is real time, Infinity is all at once. */
  deliveryRatio: number;
  /** From `response.created` to the first content, in ms. */
  responseDelayMs: number;
  /** Time between the deltas of a function call's arguments, so that a call can be cut off; 0 sends them at once. */
  argumentsDeltaDelayMs: number;
  /** Adds the random `obfuscation` text to every delta. */
  obfuscation: boolean;
  /** Sends event types and fields that no documentation knows. */
  unknownEvents: boolean;
  rateLimitsPosition: 'after-created' | 'after-done';
  /** `rate_limits.updated` was captured about 43 ms after `response.done`. */
  rateLimitsDelayMs: number;
  /** Sends `conversation.created` right after `session.created`. */
  conversationCreated: boolean;
  /** The server's own idea of an item's length is shorter than the bytes it sent (85 ms were reported). */
  itemShorterByMs: number;
  /** `conversation.item.truncate` with `audio_end_ms: 0` is an error. */
  rejectTruncateAtZero: boolean;
  /** Deltas of the cancelled response that are still sent after `speech_started`. */
  lateDeltasAfterInterrupt: number;
  /** When the caller's transcript comes, relative to the response it leads to. */
  transcriptionTiming: 'before' | 'during' | 'after' | 'failed';
  /** How a transcript is charged: by the tokens of the model, or by the length of the audio. */
  transcriptionUsage: 'tokens' | 'duration';
  /** An approved call of MCP runs at once, outside of any response, or as the whole of the next response. */
  mcpAfterApproval: 'runs' | 'needs-response';
  /** A call that needs approval is shown in its response (item and arguments) before the request; it runs as that item. */
  mcpApprovalShowsCall: boolean;
  /** `response.done` waits for the result of a call of MCP; else a slow result comes after it. */
  mcpCallHoldsResponse: boolean;
  /** The `silence_duration_ms` of a session that never set it: 200 in captures, 500 in the documentation. */
  defaultSilenceDurationMs: number;
  /** `error.event_id` stays null although the client had set one. */
  errorEventIdNull: boolean;
  /** The caller's turn ends while a response is active that VAD did not interrupt. */
  turnWhileActive: 'error' | 'skip';
  /** Repeating the present voice after assistant audio is refused as well, not only a different one. */
  rejectSameVoiceAfterAudio: boolean;
  /** Client-given item ids longer than this are refused. */
  maxItemIdLength: number;
  /** Adds `phase` to the assistant's items where the script gives one. */
  itemPhase: boolean;
  /** The shortest loud stretch that counts as speech. */
  vadMinSpeechMs: number;
  pingIntervalMs: number;
  /** The session's life; the real one is 60 minutes. Read when a session opens. */
  maxSessionMs: number;
  /** Multiplies `idle_timeout_ms`, whose least value on the wire is 5000, so that tests need not wait for it. */
  idleTimeoutScale: number;
  /** A stalled session still answers PING frames. */
  pongWhileStalled: boolean;
  /** Caller audio that a session keeps for inspection and for `conversation.item.retrieve`; 0 keeps none. */
  recordInputMs: number;
}

export const DEFAULT_SWITCHES: Readonly<RealtimeSwitches> = {
  deltaMs: 200,
  deliveryRatio: 8,
  responseDelayMs: 300,
  argumentsDeltaDelayMs: 0,
  obfuscation: false,
  unknownEvents: false,
  rateLimitsPosition: 'after-done',
  rateLimitsDelayMs: 43,
  conversationCreated: false,
  itemShorterByMs: 0,
  rejectTruncateAtZero: false,
  lateDeltasAfterInterrupt: 0,
  transcriptionTiming: 'during',
  transcriptionUsage: 'tokens',
  mcpAfterApproval: 'runs',
  mcpApprovalShowsCall: false,
  mcpCallHoldsResponse: false,
  defaultSilenceDurationMs: 200,
  errorEventIdNull: false,
  turnWhileActive: 'error',
  rejectSameVoiceAfterAudio: false,
  maxItemIdLength: 32,
  itemPhase: false,
  vadMinSpeechMs: 60,
  pingIntervalMs: 20_300,
  maxSessionMs: 3_600_000,
  idleTimeoutScale: 1,
  pongWhileStalled: true,
  recordInputMs: 600_000,
};
