import { Inject, type OnModuleInit } from '@nestjs/common';
import { type OnGatewayConnection, WebSocketGateway } from '@nestjs/websockets';
import { type IncomingMessage } from 'node:http';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { type WebSocket } from 'ws';
import { Peers } from '../affinity/pods/peers.js';
import { ThisPod } from '../affinity/this-pod.js';
import { CallTracing } from '../calls/call-tracing.js';
import { CallsService } from '../calls/calls.service.js';
import { Relays } from '../calls/fleet/relays.js';
import { StreamPlacement } from '../calls/fleet/stream-placement.js';
import { STREAM_PATH } from '../calls/stream-url.js';
import { CLOCK } from '../common/clock.token.js';
import { type Clock } from '../common/clock.js';
import { CONFIG } from '../config/config.token.js';
import { type Config } from '../config/config.js';
import { Counters } from '../telemetry/counters.js';
import { MediaLine } from './media-line.js';
import { MediaStream, PEER_DOES_NOT_READ, type StreamOrigin } from './media-stream.js';
import { StreamUpgradePolicy } from './stream-upgrade-policy.js';

/** A frame may hold 30 s of audio at most; everything Telnyx is known to send fits in a fraction of this. */
const MAX_FRAME_BYTES = 1_048_576;
/** After the end of a call Telnyx closes the socket itself; ours follows if it does not. */
const CLOSE_AFTER_MS = 3_000;

/**
 * Where Telnyx's media streams arrive. There is no @SubscribeMessage here, on purpose: fifty frames a second and call
 * go from the socket to the call's line without rxjs and JSON (see MediaStreamAdapter).
 */
@WebSocketGateway({ path: STREAM_PATH, perMessageDeflate: false, maxPayload: MAX_FRAME_BYTES })
export class MediaStreamGateway implements OnGatewayConnection<WebSocket>, OnModuleInit {
  /** One line a call, however many sockets it has had. */
  private readonly lines = new Map<string, MediaLine>();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
    @InjectPinoLogger(MediaStreamGateway.name) private readonly log: PinoLogger,
    private readonly calls: CallsService,
    private readonly policy: StreamUpgradePolicy,
    private readonly placement: StreamPlacement,
    private readonly peers: Peers,
    private readonly relays: Relays,
    private readonly counters: Counters,
    private readonly pod: ThisPod,
    private readonly tracing: CallTracing,
  ) {}

  /** Media sockets that reached another pod come here too. */
  onModuleInit(): void {
    this.peers.onRelay(({ socket, transport }, { token }, from) => {
      const claims = token === undefined ? undefined : this.policy.claimsOfToken(token);
      this.take(socket, { transport, claims, token, relayed: true, from });
    });
  }

  handleConnection(socket: WebSocket, request: IncomingMessage): void {
    const claims = this.policy.claims(request);
    const token = claims && request.url?.slice(request.url.lastIndexOf('/') + 1);
    this.take(socket, { transport: request.socket, claims, token, relayed: false });
  }

  private take(socket: WebSocket, origin: StreamOrigin): void {
    // Nest calls this from an rxjs subscription, where an exception would reach nobody and end the process.
    try {
      new MediaStream(socket, origin, {
        ...{ clock: this.clock, log: this.log, calls: this.calls, counters: this.counters, peers: this.peers },
        ...{ placement: this.placement, relays: this.relays, tracing: this.tracing, pod: this.pod },
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
