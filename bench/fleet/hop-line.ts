import { connectRaw, type RawWebSocket } from '../load/raw-websocket.js';
import { FRAME_BYTES, FRAME_MS, FrameLedger, writeFrame } from '../load/stamps.js';

/** Telnyx's end of a call whose media socket can be dialled again, to another pod. It only speaks. */
export class HopLine {
  readonly ledger = new FrameLedger();
  readonly callControlId: string;
  /** Sockets that a gateway has closed, though the line did not. */
  lost = 0;
  private readonly streamId: string;
  private socket: RawWebSocket | undefined;
  private sequence = 1;
  private readonly frame = Buffer.allocUnsafe(FRAME_BYTES);

  constructor(
    private readonly index: number,
    run: string,
  ) {
    this.callControlId = `v3:hop-${run}-${index}`;
    this.streamId = `stream-${run}-${index}`;
  }

  /** Dials a pod, in place of the one before. */
  async dial(port: number, path: string): Promise<void> {
    const old = this.socket;
    this.socket = undefined;
    old?.destroy();
    const { socket, head } = await connectRaw(port, path);
    socket.onText = () => undefined;
    socket.onClose = () => {
      if (this.socket === socket) this.lost++;
    };
    socket.start(head);
    socket.send('{"event":"connected","version":"1.0.0"}');
    this.sequence = 1;
    socket.send(
      JSON.stringify({
        event: 'start',
        sequence_number: '1',
        stream_id: this.streamId,
        start: {
          user_id: 'bench',
          call_control_id: this.callControlId,
          call_session_id: `session-${this.streamId}`,
          from: '+15550100001',
          to: '+15550100002',
          tags: [],
          client_state: null,
          media_format: { encoding: 'PCMU', sample_rate: 8000, channels: 1 },
        },
      }),
    );
    this.socket = socket;
  }

  sendFrame(nowMs: number): void {
    if (this.socket === undefined) return;
    const counter = this.ledger.send(nowMs);
    writeFrame(this.frame, 0, this.index, counter);
    const chunk = this.sequence++;
    this.socket.send(
      `{"event":"media","sequence_number":"${chunk + 1}","stream_id":"${this.streamId}","media":{"track":"inbound",` +
        `"chunk":"${chunk}","timestamp":"${chunk * FRAME_MS}","payload":"${this.frame.toString('base64')}"}}`,
    );
  }

  close(): void {
    const socket = this.socket;
    this.socket = undefined;
    socket?.destroy();
  }
}
