import { connectRaw, type RawWebSocket } from '../load/raw-websocket.js';
import { FRAME_BYTES, FrameLedger, writeFrame } from '../load/stamps.js';
import { CONNECTED, mediaText, startText } from '../load/telnyx-texts.js';

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
    socket.send(CONNECTED);
    this.sequence = 1;
    socket.send(startText(this.streamId, this.callControlId));
    this.socket = socket;
  }

  sendFrame(nowMs: number): void {
    if (this.socket === undefined) return;
    const counter = this.ledger.send(nowMs);
    writeFrame(this.frame, 0, this.index, counter);
    this.socket.send(mediaText(this.streamId, this.sequence++, this.frame));
  }

  close(): void {
    const socket = this.socket;
    this.socket = undefined;
    socket?.destroy();
  }
}
