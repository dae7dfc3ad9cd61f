import { once } from 'node:events';
import { type RawData, WebSocket } from 'ws';
import { frames } from '../../simulator/telnyx/index.js';

/** The HTTP status with which an upgrade is answered; 101 when it is let in (and left at once). */
export function upgradeStatus(port: number, path: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    socket.on('open', () => {
      socket.terminate();
      resolve(101);
    });
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      socket.terminate();
      resolve(response.statusCode ?? 0);
    });
    socket.on('error', (error) => reject(error));
  });
}

/** A media stream without any manners of its own, for sending what the double never would. */
export class MediaSocket {
  /** `media` frames received. */
  mediaFrames = 0;
  readonly closed: Promise<{ code: number; reason: string }>;

  private constructor(readonly socket: WebSocket) {
    socket.on('error', () => undefined);
    socket.on('message', (data: RawData) => {
      const frame = JSON.parse((data as Buffer).toString()) as { event: string };
      if (frame.event === 'media') this.mediaFrames++;
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
  }

  static async open(port: number, path: string): Promise<MediaSocket> {
    const media = new MediaSocket(new WebSocket(`ws://127.0.0.1:${port}${path}`));
    await once(media.socket, 'open');
    return media;
  }

  send(data: string | Buffer): void {
    this.socket.send(data);
  }

  /** `connected` and `start` of a PCMU stream for this call. */
  start(callControlId: string): void {
    this.send(frames.connectedFrame(undefined, undefined));
    this.send(
      frames.startFrame(1, 'raw-stream', {
        user_id: 'user',
        call_control_id: callControlId,
        call_session_id: 'session',
        from: '+15550100001',
        to: '+15550100002',
        tags: [],
        client_state: null,
        custom_parameters: {},
        media_format: { encoding: 'PCMU', sample_rate: 8000, channels: 1 },
      }),
    );
  }

  /** 20 ms of the caller, number `chunk` of the stream. */
  audio(chunk: number, payload: Buffer): void {
    this.send(frames.mediaFrame(chunk + 1, 'raw-stream', 'inbound', chunk, chunk * 20, payload.toString('base64')));
  }

  terminate(): void {
    this.socket.terminate();
  }
}
