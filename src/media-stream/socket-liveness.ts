import { type WebSocket } from 'ws';
import { type Clock, type Timer } from '../common/clock.js';

/** Three unanswered pings are a minute of certainty less than TCP's own, and far above any stall of a living peer. */
const PING_EVERY_MS = 5_000;
const UNANSWERED_PINGS = 3;

/**
 * Notices a peer that is gone without a word (a cut cable, a vanished node). Whether Telnyx answers pings is not
 * documented, so only a peer that has answered one before is held to it, and any sign of life counts.
 */
export class SocketLiveness {
  private answersPings = false;
  private unanswered = 0;
  private receivedBytes = 0;
  private timer: Timer | undefined;

  /** @param received how many bytes have come from the peer so far; asked for rarely, instead of looking at each frame. */
  constructor(
    private readonly socket: WebSocket,
    private readonly received: () => number,
    private readonly clock: Clock,
    private readonly dead: () => void,
  ) {
    socket.on('pong', () => {
      this.answersPings = true;
      this.unanswered = 0;
    });
    this.schedule();
  }

  stop(): void {
    this.timer?.cancel();
  }

  private schedule(): void {
    this.timer = this.clock.after(PING_EVERY_MS, () => {
      if (this.socket.readyState !== this.socket.OPEN) return;
      const receivedBytes = this.received();
      if (receivedBytes !== this.receivedBytes) this.unanswered = 0;
      this.receivedBytes = receivedBytes;
      if (this.answersPings && this.unanswered >= UNANSWERED_PINGS) {
        this.dead();
        return;
      }
      this.unanswered++;
      this.socket.ping();
      this.schedule();
    });
  }
}
