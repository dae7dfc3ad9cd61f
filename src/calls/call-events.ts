import { type TransferFailure } from '../conversation/call.port.js';
import { type EndReason } from './end-reason.js';

export const CALL_PHASES = [
  /** `call.initiated` came; the answer is on its way. */
  'ringing',
  /** Answered; no media stream yet. */
  'answered',
  'streaming',
  /** The media stream was lost; the conversation waits for the next one. */
  'interrupted',
  /** Somebody else is being called for the caller: the second leg rings. */
  'transferring',
  /** The caller talks to somebody else. */
  'transferred',
  /** A last sentence is being spoken by Telnyx, before a hang-up or a transfer. */
  'saying',
  /** Hang-up was ordered. */
  'ending',
  'ended',
] as const;
export type CallPhase = (typeof CALL_PHASES)[number];

/** What is known of the second leg of the last transfer. */
export const SECOND_LEGS = [
  'none',
  /** Ordered; Telnyx has not said whether it took the order. */
  'asked',
  'dialled',
  'answered',
  'over',
] as const;
export type SecondLeg = (typeof SECOND_LEGS)[number];

export interface CallState {
  phase: CallPhase;
  /** Number of the media stream last asked for: 0 with the answer, one more with every `streaming_start`. */
  attempt: number;
  /** Streams asked for since the last one that worked. */
  tries: number;
  /** Whether the call ever had a media stream. */
  streamed: boolean;
  /** Transfers begun; the number of the last one. */
  transfers: number;
  secondLeg: SecondLeg;
  /** Who is called when the sentence is over that announces them. */
  announced: string | undefined;
  /** A transfer came to nothing, and the stream is on its way back. */
  returning: TransferFailure | undefined;
  endReason: EndReason | undefined;
}

export type CallEvent =
  | { type: 'answer-accepted' }
  /** Telnyx refused the answer; `gone`: because the call is over already. */
  | { type: 'answer-refused'; gone: boolean }
  | { type: 'answered' }
  /** A media socket sent a good `start`. */
  | { type: 'stream-started' }
  /** The media socket closed, with or without `stop` before it. */
  | { type: 'stream-lost' }
  /** `attempt`: which stream it was, where that is known. */
  | { type: 'stream-failed'; attempt?: number | undefined }
  /** `streaming_start` was refused; `gone`: because the call is over already. */
  | { type: 'stream-refused'; gone: boolean }
  /** The conversation hands the caller over, after a sentence if there is one to say. */
  | { type: 'transfer'; to: string; sentence: string | undefined }
  | { type: 'transfer-accepted'; transfer: number }
  /** `certain`: Telnyx said no; else it said nothing, and may have taken the order all the same. */
  | { type: 'transfer-refused'; transfer: number; gone: boolean; certain: boolean }
  | { type: 'second-leg-answered'; transfer: number }
  /** `talked`: it ended as a talk does that took place. */
  | { type: 'second-leg-over'; transfer: number; why: TransferFailure; talked: boolean }
  /** We want the call to end, after a sentence if there is one to say. */
  | { type: 'end'; reason: EndReason; sentence: string | undefined }
  | { type: 'sentence-over' }
  | { type: 'waited'; for: Wait }
  | { type: 'hangup'; byCaller: boolean };

/** What a call may be waiting for; one thing at a time, and never without an end. */
export const WAITS = [
  'first-stream',
  'redial',
  'restarted-stream',
  'second-leg',
  'transferred',
  'sentence',
  'hangup',
] as const;
export type Wait = (typeof WAITS)[number];

export type CallEffect =
  /** Start waiting, instead of what was waited for before. */
  | { do: 'wait'; for: Wait }
  | { do: 'stop-waiting' }
  | { do: 'start-stream'; attempt: number }
  | { do: 'stop-stream' }
  /** Stop the stream and call somebody else for the caller. */
  | { do: 'transfer'; to: string; transfer: number }
  /** The stream is there again: tell the conversation that it goes on, and why. */
  | { do: 'come-back'; why: TransferFailure }
  /** The caller talks to somebody else: the conversation is over, the call is not. */
  | { do: 'hand-over' }
  | { do: 'say-sentence'; sentence: string }
  | { do: 'hang-up' }
  /** The call is over: let go of everything it holds. */
  | { do: 'release' };

export interface CallRules {
  /** Streams asked for in a row before the call is given up. */
  maxRestarts: number;
  /** What the caller hears when something broke, and where the call goes then; undefined: nowhere. */
  failure: { sentence: string; fallbackTo: string | undefined };
}

export const INITIAL_CALL_STATE: CallState = {
  phase: 'ringing',
  attempt: 0,
  tries: 0,
  streamed: false,
  transfers: 0,
  secondLeg: 'none',
  announced: undefined,
  returning: undefined,
  endReason: undefined,
};

/** What is known next, and what is to be done. */
export type Step = [CallState, CallEffect[]];
