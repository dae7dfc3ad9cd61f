import { connectRaw, type RawWebSocket } from './raw-websocket.js';
import { FRAME_BYTES, FrameLedger, readFrames, writeFrame } from './stamps.js';
import { CONNECTED, mediaText, startText } from './telnyx-texts.js';

const PAYLOAD = Buffer.from('"payload":"');
const QUOTE = 0x22;
const BYTES_PER_MS = 8;

/** A frame of the model that came out at the caller's end; `gapMs` is the silence before it, 0 where audio ran on. */
export type PlayedFrame = (sender: number, counter: number, nowMs: number, gapMs: number) => void;

/** Telnyx's end of one call: sends 20 ms frames when told, plays what comes back, returns marks when they are due. */
export class CallerLine {
  readonly ledger = new FrameLedger();
  foreignBytes = 0;
  private socket: RawWebSocket | undefined;
  private readonly frame = Buffer.allocUnsafe(FRAME_BYTES);
  /** When all that was received has been played. */
  private playedOutAtMs = 0;
  private readonly marks: { name: string; dueAtMs: number }[] = [];
  private closing = false;
  private readonly streamId: string;
  readonly callControlId: string;

  constructor(
    private readonly index: number,
    private readonly onFrame: PlayedFrame,
    private readonly onLost: () => void,
  ) {
    const id = `${index}-${Date.now().toString(36)}`;
    this.streamId = `stream-${id}`;
    this.callControlId = `v3:bench-${id}`;
  }

  async connect(port: number, path: string): Promise<void> {
    const { socket, head } = await connectRaw(port, path);
    socket.onText = (payload) => this.receive(payload);
    socket.onClose = () => {
      if (!this.closing) this.onLost();
    };
    socket.start(head);
    socket.send(CONNECTED);
    socket.send(startText(this.streamId, this.callControlId));
    this.socket = socket;
  }

  /** Sends the next 20 ms; false while the line is not up. */
  sendFrame(nowMs: number): boolean {
    if (this.socket === undefined || this.closing) return false;
    const counter = this.ledger.send(nowMs);
    writeFrame(this.frame, 0, this.index, counter);
    this.socket.send(mediaText(this.streamId, counter + 1, this.frame));
    return true;
  }

  private receive(payload: Buffer): void {
    const nowMs = performance.now();
    const keyAt = payload.indexOf(PAYLOAD);
    if (keyAt >= 0) {
      const from = keyAt + PAYLOAD.length;
      const audio = Buffer.from(payload.toString('latin1', from, payload.indexOf(QUOTE, from)), 'base64');
      const gapMs = Math.max(0, nowMs - this.playedOutAtMs);
      this.playedOutAtMs = Math.max(nowMs, this.playedOutAtMs) + audio.length / BYTES_PER_MS;
      let first = true;
      this.foreignBytes += readFrames(audio, (sender, counter) => {
        this.onFrame(sender, counter, nowMs, first ? gapMs : 0);
        first = false;
      });
      return;
    }
    const frame = JSON.parse(payload.toString()) as { event?: string; mark?: { name: string } };
    if (frame.event === 'mark' && frame.mark !== undefined)
      this.marks.push({ name: frame.mark.name, dueAtMs: Math.max(nowMs, this.playedOutAtMs) });
    else if (frame.event === 'clear') {
      this.playedOutAtMs = nowMs;
      for (const mark of this.marks) mark.dueAtMs = nowMs;
    }
  }

  /** Returns the marks whose audio has been played. */
  tick(nowMs: number): void {
    while ((this.marks[0]?.dueAtMs ?? Infinity) <= nowMs) {
      const mark = { name: this.marks.shift()?.name };
      this.socket?.send(JSON.stringify({ event: 'mark', sequence_number: '1', stream_id: this.streamId, mark }));
    }
  }

  hangUp(): void {
    this.closing = true;
    this.socket?.send(
      JSON.stringify({
        event: 'stop',
        sequence_number: String(this.ledger.sent + 2),
        stream_id: this.streamId,
        stop: { user_id: 'bench', call_control_id: 'v3:bench' },
      }),
    );
    this.socket?.close();
  }
}
