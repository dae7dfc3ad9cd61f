import { type RealtimeSwitches } from '../realtime/index.js';
import { type SwitchCatalogue } from './switches.js';
import { milliseconds, millisecondsOrRange, onOff, oneOf, positive, wholeNumber } from './values.js';

/** The switches of the Realtime double as the command line takes them. */
export const REALTIME_SWITCHES: SwitchCatalogue<RealtimeSwitches> = {
  deltaMs: { kind: millisecondsOrRange, about: 'audio in one `response.output_audio.delta`, in ms of playing time' },
  deliveryRatio: { kind: positive('times real time'), about: 'how fast audio is delivered; 1 is real time' },
  responseDelayMs: { kind: milliseconds, about: 'from `response.created` to the first content' },
  argumentsDeltaDelayMs: { kind: milliseconds, about: 'pause between two pieces of a function call’s arguments' },
  obfuscation: { kind: onOff, about: 'random `obfuscation` text in every delta' },
  unknownEvents: { kind: onOff, about: 'event types and fields that no documentation knows' },
  rateLimitsPosition: {
    kind: oneOf({ 'after-created': true, 'after-done': true }),
    about: 'when `rate_limits.updated` comes',
  },
  rateLimitsDelayMs: { kind: milliseconds, about: 'how much after that' },
  conversationCreated: { kind: onOff, about: '`conversation.created` right after `session.created`' },
  itemShorterByMs: { kind: milliseconds, about: 'the service counts an item as that much shorter than what it sent' },
  rejectTruncateAtZero: { kind: onOff, about: 'truncation at 0 ms is an error' },
  lateDeltasAfterInterrupt: { kind: wholeNumber(), about: 'deltas that still come after `speech_started`' },
  transcriptionTiming: {
    kind: oneOf({ before: true, during: true, after: true, failed: true }),
    about: 'when the caller’s transcript comes, relative to the answer',
  },
  transcriptionUsage: {
    kind: oneOf({ tokens: true, duration: true }),
    about: 'what a transcript is charged by',
  },
  mcpAfterApproval: {
    kind: oneOf({ runs: true, 'needs-response': true }),
    about: 'an approved call of MCP runs at once, or as the next response',
  },
  mcpApprovalShowsCall: { kind: onOff, about: 'a call of MCP is shown before its approval is asked for' },
  mcpCallHoldsResponse: { kind: onOff, about: '`response.done` waits for the result of a call of MCP' },
  defaultSilenceDurationMs: { kind: milliseconds, about: '`silence_duration_ms` of a session that never set it' },
  errorEventIdNull: { kind: onOff, about: '`error.event_id` stays null' },
  turnWhileActive: {
    kind: oneOf({ error: true, skip: true }),
    about: 'a turn that ends while a response is active which it did not interrupt',
  },
  rejectSameVoiceAfterAudio: { kind: onOff, about: 'repeating the present voice after audio is refused too' },
  maxItemIdLength: { kind: wholeNumber(1), about: 'longer item ids of the client are refused' },
  itemPhase: { kind: onOff, about: '`phase` on the assistant’s items' },
  vadMinSpeechMs: { kind: milliseconds, about: 'the shortest loud stretch that counts as speech' },
  pingIntervalMs: { kind: milliseconds, about: 'pings to the client' },
  maxSessionMs: { kind: milliseconds, about: 'how long a session lives' },
  idleTimeoutScale: { kind: positive('a factor'), about: 'multiplies `idle_timeout_ms`' },
  pongWhileStalled: { kind: onOff, about: 'a stalled session still answers pings' },
  recordInputMs: { kind: milliseconds, about: 'caller audio that a session keeps' },
};
