import { type TelnyxCodec, type TelnyxSwitches } from './switches.js';

/** What a stream command asked for, with Telnyx's defaults filled in. */
export interface StreamRequest {
  readonly url: string;
  readonly track: 'inbound_track' | 'outbound_track' | 'both_tracks';
  readonly codec: TelnyxCodec | 'default';
  readonly bidirectionalMode: 'mp3' | 'rtp';
  readonly bidirectionalCodec: TelnyxCodec;
  readonly bidirectionalSamplingRateHz: number;
  readonly targetLegs: 'self' | 'opposite' | 'both';
  readonly authToken: string | undefined;
  readonly customParameters: Readonly<Record<string, string>>;
}

/** Whether the caller can hear what the app sends, by the mode and the leg it asked for. */
export function isAudible(request: StreamRequest, switches: TelnyxSwitches): boolean {
  if (request.bidirectionalMode !== 'rtp') return false;
  return request.targetLegs === 'both' || switches.targetLegs === 'any' || request.targetLegs === switches.targetLegs;
}
