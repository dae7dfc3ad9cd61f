import { Inject } from '@nestjs/common';
import { type OnGatewayConnection, WebSocketGateway } from '@nestjs/websockets';
import { type IncomingMessage } from 'node:http';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { type WebSocket } from 'ws';
import { CallsService } from '../calls/calls.service.js';
import { type StreamClaims } from '../calls/stream-token.js';
import { STREAM_PATH } from '../calls/stream-url.js';
import { CLOCK } from '../common/clock.token.js';
import { type Clock } from '../common/clock.js';
import { CONFIG } from '../config/config.token.js';
import { type Config } from '../config/config.js';
import { type G711Law } from '../conversation/line.port.js';
import { Counters } from '../telemetry/counters.js';
import { MediaConnection } from './media-connection.js';
import { MediaLine } from './media-line.js';
import { SocketLiveness } from './socket-liveness.js';
import { StreamUpgradePolicy } from './stream-upgrade-policy.js';
import { type StreamStart, type TelnyxFrame } from './telnyx-frames.js';

/** A frame may hold 30 s of audio at most; everything Telnyx is known to send fits in a fraction of this. */
const MAX_FRAME_BYTES = 1_048_576;
/** After this many frames that cannot be read the peer is not speaking Telnyx's protocol. */
const MAX_INVALID_FRAMES = 100;
/** How long an accepted socket may take to send `start`; the call's own watchdog acts sooner. */
const START_TIMEOUT_MS = 60_000;
/** After the end of a call Telnyx closes the socket itself; ours follows if it does not. */
const CLOSE_AFTER_MS = 3_000;

const PEER_DOES_NOT_READ = 'the peer of the media stream does not read: cutting the socket off';

const LAW = new Map<string, G711Law>([
  ['PCMU', 'pcmu'],
  ['PCMA', 'pcma'],
]);

/**
 * Where Telnyx's media streams arrive. There is no @SubscribeMessage here, on purpose: fifty frames a second and call
 * go from the socket to the call's line without rxjs and JSON (see MediaStreamAdapter).
 */
@WebSocketGateway({ path: STREAM_PATH, perMessageDeflate: false, maxPayload: MAX_FRAME_BYTES })
export class MediaStreamGateway implements OnGatewayConnection<WebSocket> {
  /** One line a call, however many sockets it has had. */
  private readonly lines = new Map<string, MediaLine>();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
    @InjectPinoLogger(MediaStreamGateway.name) private readonly log: PinoLogger,
    private readonly calls: CallsService,
    private readonly policy: StreamUpgradePolicy,
    private readonly counters: Counters,
  ) {}

  handleConnection(socket: WebSocket, request: IncomingMessage): void {
    // Nest calls this from an rxjs subscription, where an exception would reach nobody and end the process.
    try {
      new MediaStream(socket, request, this.policy.claims(request), {
        ...{ clock: this.clock, log: this.log, calls: this.calls, counters: this.counters },
        lineOf: (callControlId) => this.lines.get(callControlId) ?? this.newLine(callControlId),
        keepLine: (callControlId, line) => void this.lines.set(callControlId, line),
      });
    } catch (error) {
      this.log.error({ err: error }, 'media socket could not be taken');
      socket.terminate();
    }
  }

  private newLine(callControlId: string): MediaLine {
    const { playoutLeadMs, playoutChunkMs } = this.config.stream;
    return new MediaLine(
      this.clock,
      { leadMs: playoutLeadMs, chunkMs: playoutChunkMs },
      {
        overflow: () => this.calls.end(callControlId, 'media-overflow', true),
        stalled: () => this.log.error({ callId: callControlId }, PEER_DOES_NOT_READ),
        failed: (error) => {
          this.log.error({ err: error, callId: callControlId }, 'media stream failed');
          this.calls.end(callControlId, 'internal-error', true);
        },
        closed: (open) => {
          this.lines.delete(callControlId);
          if (open) this.clock.after(CLOSE_AFTER_MS, () => open.close(1000, 'call ended'));
        },
      },
    );
  }
}

interface Surroundings {
  clock: Clock;
  log: PinoLogger;
  calls: CallsService;
  counters: Counters;
  /** The line that a call has, or a new one for it. */
  lineOf(callControlId: string): MediaLine;
  /** Later sockets of the call get this line, until the call closes it. */
  keepLine(callControlId: string, line: MediaLine): void;
}

/** One media socket from its upgrade to its end: checks `start`, joins the call's line, and reports its loss. */
class MediaStream {
  private readonly connection: MediaConnection;
  private readonly liveness: SocketLiveness;
  private readonly startTimer: { cancel(): void };
  private callControlId: string | undefined;
  private line: MediaLine | undefined;
  private invalidFrames = 0;
  private over = false;

  /** @param claims what the socket's token says; undefined without stream authentication. */
  constructor(
    socket: WebSocket,
    request: IncomingMessage,
    private readonly claims: StreamClaims | undefined,
    private readonly around: Surroundings,
  ) {
    this.connection = new MediaConnection(socket, request.socket, {
      frame: (frame) => this.receive(frame),
      overloaded: (bufferedBytes) => this.stalled(bufferedBytes),
      failed: (error) => this.failed(error),
    });
    this.liveness = new SocketLiveness(
      socket,
      () => request.socket.bytesRead,
      around.clock,
      () => this.connection.terminate(),
    );
    this.startTimer = around.clock.after(START_TIMEOUT_MS, () => this.connection.close(1008, 'no start frame'));
    socket.on('close', (code) => this.closed(code));
  }

  private receive(frame: Exclude<TelnyxFrame, { kind: 'media' }>): void {
    switch (frame.kind) {
      case 'connected':
        return;
      case 'start':
        return this.start(frame.start);
      case 'mark':
        return this.line?.markReturned(this.connection, frame.name);
      case 'dtmf':
        return this.line?.key(frame.digit, frame.occurredAtMs);
      case 'stop':
        // The end of the call, or of the stream alone: `call.hangup` tells, or Telnyx's answer to the next command.
        return this.leave('stop');
      case 'error':
        this.around.log.warn(
          { callId: this.callControlId, code: frame.code, title: frame.title.slice(0, 100) },
          'Telnyx reports an error on the media stream',
        );
        return;
      case 'unknown':
        this.around.counters.framesUnknown++;
        return;
      case 'invalid':
        return this.invalid(frame.reason);
    }
  }

  private start(start: StreamStart): void {
    const { callControlId, mediaFormat } = start;
    if (this.line || this.over) return;
    if (this.claims !== undefined && this.claims.callControlId !== callControlId) {
      this.around.log.error(
        { callId: this.claims.callControlId },
        "media stream refused: its token was made for another call than 'start' names",
      );
      this.connection.close(1008, 'token and call differ');
      return;
    }
    this.startTimer.cancel();
    this.callControlId = callControlId;
    const law =
      mediaFormat.sampleRateHz === 8000 && mediaFormat.channels === 1 ? LAW.get(mediaFormat.encoding) : undefined;
    const line = this.around.lineOf(callControlId);
    if (!this.around.calls.streamStarted(callControlId, line, this.claims)) {
      this.around.log.info({ callId: callControlId }, 'media stream of a call that is over or full: closing it');
      this.connection.close(1000, 'call is over');
      return;
    }
    if (!law) {
      this.around.log.error(
        { callId: callControlId, ...mediaFormat },
        'media stream in a codec that Parley does not carry (PCMU and PCMA at 8 kHz, mono): ask Telnyx for stream_codec PCMU',
      );
      this.over = true;
      this.around.calls.end(callControlId, 'codec-unsupported', true);
      return;
    }
    this.line = line;
    // Not before: the line of a call that is refused would be kept for ever, since nobody closes it.
    this.around.keepLine(callControlId, line);
    const replaced = line.attach(this.connection, law);
    // What the old one still has to play is played by the new one.
    replaced?.clear();
    replaced?.close(1000, 'replaced by a newer stream');
    this.around.log.info(
      { callId: callControlId, streamId: start.streamId, codec: law },
      replaced ? 'media stream replaced by a newer one' : 'media stream started',
    );
    this.around.calls.streamReady(callControlId);
  }

  private invalid(reason: string): void {
    this.around.counters.framesInvalid++;
    this.invalidFrames++;
    if (this.invalidFrames === 1)
      this.around.log.warn({ callId: this.callControlId, reason }, 'frame that cannot be read, passed over');
    if (this.invalidFrames !== MAX_INVALID_FRAMES) return;
    this.around.log.error(
      { callId: this.callControlId, frames: this.invalidFrames },
      'too many frames that cannot be read',
    );
    if (this.callControlId) this.around.calls.end(this.callControlId, 'media-frames-broken', true);
    else this.connection.close(1002, 'frames cannot be read');
  }

  /** The peer has stopped reading and too much waits for it: the socket is cut off, and the call asks for another. */
  private stalled(bufferedBytes: number): void {
    this.around.log.error({ callId: this.callControlId, bufferedBytes }, PEER_DOES_NOT_READ);
    this.connection.terminate();
  }

  private closed(code: number): void {
    this.liveness.stop();
    this.startTimer.cancel();
    this.leave(code);
  }

  private leave(cause: number | 'stop'): void {
    const { line, callControlId } = this;
    this.line = undefined;
    if (!line || !callControlId || !line.detach(this.connection)) return;
    this.over = true;
    this.around.log.info({ callId: callControlId, cause }, 'media stream ended');
    this.around.calls.streamLost(callControlId);
  }

  /** A mistake of ours in one call's frames ends that call, not the process. */
  private failed(error: unknown): void {
    this.around.log.error({ err: error, callId: this.callControlId }, 'media stream failed');
    if (this.callControlId) this.around.calls.end(this.callControlId, 'internal-error', true);
    this.connection.terminate();
  }
}
