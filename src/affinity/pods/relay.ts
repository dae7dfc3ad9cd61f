import { type RawData } from 'ws';
import { type Clock, systemClock, type Timer } from '../../common/clock.js';
import { type RelaySocket } from './peers.js';

/** A frame as `ws` gives it: one whole message. */
export interface RelayFrame {
  data: RawData;
  isBinary: boolean;
}

/** Frames handed on in each direction. */
export interface RelayCounts {
  toFar: number;
  toNear: number;
}

/**
 * What may wait in our memory for one side: four seconds of Telnyx's frames (50 a second, some 320 bytes each), beyond
 * what the kernel holds. With more than that, the other side is not read until all of it is written.
 */
const MAX_WAITING_BYTES = 65_536;
/** A side that does not take what waits for it within this time is gone: audio this late is of use to nobody. */
const STALL_MS = 10_000;
/** How long a side gets to answer the close frame that the other one sent. */
const CLOSE_GRACE_MS = 3_000;

const TEXT = { binary: false };
const BINARY = { binary: true };

/**
 * Joins two open sockets: what one sends, the other gets, in order and as it is. Each of them answers its own pings. The
 * end of one ends the other with the same code and reason. Two codes cannot be sent: 1005 becomes a close frame without
 * a code, and 1006 (lost without a word) an end of TCP without a close frame, after what still waits; the peer of the
 * other socket sees 1005 or 1006 just as it would without a relay.
 *
 * @param early frames that came from the near side before; the caller must listen to neither socket any more.
 * @returns the counts, when both are closed. Never rejects.
 */
export function relay(
  near: RelaySocket,
  far: RelaySocket,
  early: readonly RelayFrame[] = [],
  clock: Clock = systemClock,
): Promise<RelayCounts> {
  return new Promise((resolve) => {
    const toFar = new Direction(near, far, clock);
    const toNear = new Direction(far, near, clock);
    let open = 2;
    const closed = (): void => {
      open--;
      if (open === 0) resolve({ toFar: toFar.frames, toNear: toNear.frames });
    };
    for (const { data, isBinary } of early) toFar.pass(data, isBinary);
    toFar.start(closed);
    toNear.start(closed);
  });
}

/** One of the two ways. For a frame it makes no closure, no promise and no copy of its own. */
class Direction {
  frames = 0;
  private corked = false;
  /** Set while the source is not read because the sink does not keep up. */
  private stall: Timer | undefined;

  constructor(
    private readonly source: RelaySocket,
    private readonly sink: RelaySocket,
    private readonly clock: Clock,
  ) {}

  /** @param closed called when the source is. */
  start(closed: () => void): void {
    const { source, sink } = this;
    source.socket.on('message', this.pass);
    // 'close' follows, and says what there is to say.
    source.socket.on('error', ignore);
    sink.transport.on('drain', this.release);
    const ended = (code: number, reason: Buffer): void => {
      this.stall?.cancel();
      this.end(code, reason);
      closed();
    };
    // One that ended before we listened has nothing more to say.
    if (source.socket.readyState === source.socket.CLOSED) ended(1006, NO_REASON);
    else source.socket.once('close', ended);
    if (!this.stall) source.socket.resume();
  }

  readonly pass = (data: RawData, isBinary: boolean): void => {
    const { socket, transport } = this.sink;
    if (socket.readyState !== socket.OPEN) return;
    if (!this.corked) {
      // Frames that came in one read leave in one write.
      this.corked = true;
      transport.cork();
      process.nextTick(this.uncork);
    }
    socket.send(data, isBinary ? BINARY : TEXT);
    this.frames++;
    if (socket.bufferedAmount > MAX_WAITING_BYTES && !this.stall) this.hold();
  };

  private readonly uncork = (): void => {
    this.corked = false;
    this.sink.transport.uncork();
  };

  private hold(): void {
    // Only after this flag there is a 'drain' to wait for.
    if (!this.sink.transport.writableNeedDrain) return;
    this.source.socket.pause();
    this.stall = this.clock.after(STALL_MS, () => this.sink.socket.terminate());
  }

  private readonly release = (): void => {
    if (!this.stall) return;
    this.stall.cancel();
    this.stall = undefined;
    this.source.socket.resume();
  };

  /** The source is closed: so the sink is to be, with the same words. */
  private end(code: number, reason: Buffer): void {
    const { socket, transport } = this.sink;
    if (socket.readyState === socket.CLOSED) return;
    // Paused, it would not see the answer to its close frame.
    socket.resume();
    const grace = this.clock.after(CLOSE_GRACE_MS, () => socket.terminate());
    socket.once('close', () => grace.cancel());
    if (code === 1005) socket.close();
    else if (code === 1006) transport.end();
    else socket.close(code, reason);
  }
}

const NO_REASON = Buffer.alloc(0);

function ignore(): void {
  // Nothing to do.
}
