import { FRAME_MS } from './stamps.js';

export const CONNECTED = '{"event":"connected","version":"1.0.0"}';

/** Telnyx's first word about a call on its media socket. */
export function startText(streamId: string, callControlId: string): string {
  return JSON.stringify({
    event: 'start',
    sequence_number: '1',
    stream_id: streamId,
    start: {
      user_id: 'bench',
      call_control_id: callControlId,
      call_session_id: `session-${callControlId}`,
      from: '+15550100001',
      to: '+15550100002',
      tags: [],
      client_state: null,
      media_format: { encoding: 'PCMU', sample_rate: 8000, channels: 1 },
    },
  });
}

/** 20 ms of the caller. @param chunk its number on this socket, from 1. */
export function mediaText(streamId: string, chunk: number, frame: Buffer): string {
  return (
    `{"event":"media","sequence_number":"${chunk + 1}","stream_id":"${streamId}","media":{"track":"inbound",` +
    `"chunk":"${chunk}","timestamp":"${(chunk - 1) * FRAME_MS}","payload":"${frame.toString('base64')}"}}`
  );
}
