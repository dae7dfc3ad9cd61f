import { type FrameTicker } from './frame-ticker.js';
import { type SimulatedCall } from './simulated-call.js';
import { type TelnyxCodec, type TelnyxSwitches } from './switches.js';
import { type Timers } from './timers.js';
import { type WebhookPayload } from './webhook-wire.js';

/** A call that begins: how it looks and how its media stream will. */
export interface CallRequest {
  readonly from?: string;
  readonly to?: string;
  readonly connectionId?: string;
  /** Codec of the phone leg. Default PCMU. */
  readonly codec?: TelnyxCodec;
  /** Payload bytes of the media frames, one size or several in turn. Default 20 ms. */
  readonly frameBytes?: number | readonly number[];
  /** The same in milliseconds; `frameBytes` wins. */
  readonly frameMs?: number;
  /** `false` keeps no audio of what was heard, only counts. Default `true`. */
  readonly keepAudio?: boolean;
  readonly customHeaders?: readonly { name: string; value: string }[];
  readonly clientState?: string;
  readonly callSessionId?: string;
  /** The webhooks of this call go here. */
  readonly webhookUrl?: string;
  /** Pauses before redelivery by event type, as `webhook_retries_policies` sets them. */
  readonly webhookRetryDelaysMs?: Readonly<Record<string, readonly number[]>>;
}

/** What a call needs of the double it lives in. */
export interface CallHost {
  readonly switches: TelnyxSwitches;
  readonly ticker: FrameTicker;
  readonly timers: Timers;
  /** One id for the account, in `start.user_id`. */
  readonly userId: string;
  emit(call: SimulatedCall, eventType: string, payload: WebhookPayload): void;
  /** Where the socket for a `stream_url` goes. */
  socketUrl(streamUrl: string): string;
  /** A leg that Telnyx dials for the app. */
  dial(request: CallRequest): SimulatedCall;
  find(callControlId: string): SimulatedCall | undefined;
}
