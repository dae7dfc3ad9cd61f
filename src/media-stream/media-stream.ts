import { type Socket } from 'node:net';
import { type PinoLogger } from 'nestjs-pino';
import { type WebSocket } from 'ws';
import { type PodIdentity } from '../affinity/pod.js';
import { type Peers } from '../affinity/pods/peers.js';
import { relay } from '../affinity/pods/relay.js';
import { type CallTracing } from '../calls/call-tracing.js';
import { type CallsService } from '../calls/calls.service.js';
import { type Relays } from '../calls/fleet/relays.js';
import { type Place, type StreamPlacement } from '../calls/fleet/stream-placement.js';
import { readClientState } from '../calls/client-state.js';
import { type StreamClaims } from '../calls/stream-token.js';
import { type Clock, pause } from '../common/clock.js';
import { type G711Law } from '../conversation/line.port.js';
import { type Counters } from '../telemetry/counters.js';
import { CallTrace } from '../telemetry/trace/call-trace.js';
import { ATTRS } from '../telemetry/trace/names.js';
import { MediaConnection } from './media-connection.js';
import { type MediaLine } from './media-line.js';
import { SocketLiveness } from './socket-liveness.js';
import { StreamSpan } from './stream-span.js';
import { type StreamStart, type TelnyxFrame } from './telnyx-frames.js';

/** After this many frames that cannot be read the peer is not speaking Telnyx's protocol. */
const MAX_INVALID_FRAMES = 100;
/** How long an accepted socket may take to send `start`; the call's own watchdog acts sooner. */
const START_TIMEOUT_MS = 60_000;
/** The other pod is a millisecond away. */
const RELAY_WITHIN_MS = 1_000;
/** A pod that has died or let go of the call meanwhile is noticed by asking again. */
const PLACEMENTS = 4;
const AGAIN_AFTER_MS = 250;

export const PEER_DOES_NOT_READ = 'the peer of the media stream does not read: cutting the socket off';

const LAW = new Map<string, G711Law>([
  ['PCMU', 'pcmu'],
  ['PCMA', 'pcma'],
]);

/** How a media socket came here. */
export interface StreamOrigin {
  /** The TCP or TLS socket below it. */
  transport: Socket;
  /** What its token says; undefined without stream authentication. */
  claims: StreamClaims | undefined;
  token: string | undefined;
  /** Another pod took it, and sent it here. */
  relayed: boolean;
  /** That pod. */
  from?: PodIdentity | undefined;
}

export interface StreamSurroundings {
  clock: Clock;
  log: PinoLogger;
  calls: CallsService;
  counters: Counters;
  placement: StreamPlacement;
  peers: Peers;
  relays: Relays;
  tracing: Pick<CallTracing, 'of'>;
  /** This pod. */
  pod: PodIdentity;
  /** The line that a call has, or a new one for it. */
  lineOf(callControlId: string): MediaLine;
  /** Later sockets of the call get this line, until the call closes it. */
  keepLine(callControlId: string, line: MediaLine): void;
}

/**
 * One media socket from its upgrade to its end: checks `start`, joins the call's line and reports its loss; or hands the
 * socket to the pod that has its call.
 */
export class MediaStream {
  private readonly connection: MediaConnection;
  private readonly liveness: SocketLiveness;
  private readonly startTimer: { cancel(): void };
  private callControlId: string | undefined;
  private line: MediaLine | undefined;
  private invalidFrames = 0;
  private over = false;
  private readonly span: StreamSpan;
  private trace: CallTrace | undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly origin: StreamOrigin,
    private readonly around: StreamSurroundings,
  ) {
    const { transport, claims } = origin;
    this.span = new StreamSpan(() => this.traceOf(claims?.callControlId, claims?.traceparent));
    this.span.set({
      [ATTRS.callId]: claims?.callControlId,
      [ATTRS.pod]: around.pod.name,
      [ATTRS.streamAttempt]: claims?.attempt,
      [ATTRS.callEpoch]: claims?.epoch,
      [ATTRS.fromPod]: origin.from?.name,
    });
    this.connection = new MediaConnection(
      socket,
      transport,
      {
        frame: (frame) => this.receive(frame),
        overloaded: (bufferedBytes) => this.stalled(bufferedBytes),
        failed: (error) => this.failed(error),
      },
      around.counters.relaySampler,
    );
    this.liveness = new SocketLiveness(
      socket,
      () => transport.bytesRead,
      around.clock,
      () => this.connection.terminate(),
    );
    this.startTimer = around.clock.after(START_TIMEOUT_MS, () => this.connection.close(1008, 'no start frame'));
    socket.on('close', (code) => this.closed(code));
  }

  /** For log lines. */
  private get about(): { callId: string | undefined; traceId: string | undefined } {
    return { callId: this.callControlId ?? this.origin.claims?.callControlId, traceId: this.trace?.traceId };
  }

  /** The call's trace, as it was when the socket's stream started. */
  private traceOf(callControlId: string | undefined, traceparent: string | undefined): CallTrace {
    if (callControlId === undefined) return CallTrace.NONE;
    this.trace ??= this.around.tracing.of(callControlId, traceparent);
    return this.trace;
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
          { ...this.about, code: frame.code, title: frame.title.slice(0, 100) },
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
    const { callControlId } = start;
    const { claims } = this.origin;
    if (this.callControlId !== undefined || this.over) return;
    if (claims !== undefined && claims.callControlId !== callControlId) {
      this.around.log.error(this.about, "media stream refused: its token was made for another call than 'start' names");
      this.span.refused('its token was made for another call', 'token-mismatch');
      this.connection.close(1008, 'token and call differ');
      return;
    }
    this.startTimer.cancel();
    this.callControlId = callControlId;
    this.span.set({ [ATTRS.callId]: callControlId, [ATTRS.streamId]: start.streamId });
    this.traceOf(callControlId, claims?.traceparent ?? readClientState(start.clientState)?.traceparent);
    // The caller's first words wait until it is known who is to hear them: a millisecond, in most cases.
    this.connection.hold();
    this.place(start, 1).catch((error: unknown) => this.failed(error));
  }

  private async place(start: StreamStart, tries: number): Promise<void> {
    const { callControlId } = start;
    const { claims, relayed } = this.origin;
    const place: Place =
      tries > PLACEMENTS
        ? { at: 'nowhere', why: 'the pod that has the call does not take its media stream' }
        : await this.around.placement.place(callControlId, claims, relayed);
    if (this.over) return;
    switch (place.at) {
      case 'here':
        this.begin(start);
        this.span.served();
        this.connection.release();
        return;
      case 'pod':
        if (await this.relayTo(place.pod, tries)) return;
        return this.place(start, tries + 1);
      case 'nowhere':
        this.around.log.info({ ...this.about, why: place.why }, 'media stream is not served: closing it');
        if (place.over) this.span.discard();
        else this.span.refused(place.why, 'not-served');
        this.connection.close(1000, 'not served');
        return;
    }
  }

  /** @returns whether the other pod has it now. */
  private async relayTo(pod: PodIdentity, tries: number): Promise<boolean> {
    const { callControlId = '', socket, origin, around } = this;
    const request = { callControlId, token: origin.token, hops: 1 };
    const far = await around.peers.openRelay(pod, request, RELAY_WITHIN_MS);
    if (!far.ok) {
      around.log.warn({ ...this.about, pod: pod.name, why: far.why }, 'media stream could not be relayed');
      if (far.why === 'dead') around.placement.provenDead(pod);
      else await pause(around.clock, AGAIN_AFTER_MS);
      return false;
    }
    around.counters.streamsRelayed++;
    around.relays.open++;
    around.log.info({ ...this.about, pod: pod.name }, 'media stream is relayed to the pod that has its call');
    this.span.relayed(pod.name, tries);
    this.over = true;
    this.liveness.stop();
    void relay({ socket, transport: origin.transport }, far.reply, this.connection.surrender(), around.clock).then(
      () => around.relays.open--,
    );
    return true;
  }

  private begin({ callControlId, mediaFormat, streamId }: StreamStart): void {
    const law =
      mediaFormat.sampleRateHz === 8000 && mediaFormat.channels === 1 ? LAW.get(mediaFormat.encoding) : undefined;
    const line = this.around.lineOf(callControlId);
    if (!this.around.calls.streamStarted(callControlId, line)) {
      this.around.log.info(this.about, 'media stream of a call that is over or full: closing it');
      this.span.refused('the call takes no stream');
      this.connection.close(1000, 'call is over');
      return;
    }
    if (!law) {
      this.around.log.error(
        { ...this.about, ...mediaFormat },
        'media stream in a codec that Parley does not carry (PCMU and PCMA at 8 kHz, mono): ask Telnyx for stream_codec PCMU',
      );
      this.over = true;
      this.span.served('codec-unsupported');
      this.around.calls.end(callControlId, 'codec-unsupported', true);
      return;
    }
    this.line = line;
    // Not before: the line of a call that is refused would be kept for ever, since nobody closes it.
    this.around.keepLine(callControlId, line);
    const replaced = line.attach(this.connection, law);
    this.around.counters.line.joined(this.connection);
    // What the old one still has to play is played by the new one.
    replaced?.clear();
    replaced?.close(1000, 'replaced by a newer stream');
    this.around.log.info(
      { ...this.about, streamId, codec: law },
      replaced ? 'media stream replaced by a newer one' : 'media stream started',
    );
    this.span.set({ [ATTRS.streamCodec]: law, [ATTRS.streamReplaced]: replaced !== undefined || undefined });
    this.around.calls.streamReady(callControlId);
  }

  private invalid(reason: string): void {
    this.around.counters.framesInvalid++;
    this.invalidFrames++;
    if (this.invalidFrames === 1)
      this.around.log.warn({ ...this.about, reason }, 'frame that cannot be read, passed over');
    if (this.invalidFrames !== MAX_INVALID_FRAMES) return;
    this.around.log.error({ ...this.about, frames: this.invalidFrames }, 'too many frames that cannot be read');
    if (this.callControlId) this.around.calls.end(this.callControlId, 'media-frames-broken', true);
    else this.connection.close(1002, 'frames cannot be read');
  }

  /** The peer has stopped reading and too much waits for it: the socket is cut off, and the call asks for another. */
  private stalled(bufferedBytes: number): void {
    this.around.log.error({ ...this.about, bufferedBytes }, PEER_DOES_NOT_READ);
    this.connection.terminate();
  }

  private closed(code: number): void {
    this.liveness.stop();
    this.startTimer.cancel();
    this.around.counters.line.left(this.connection);
    // One whose place is still being looked for is not wanted any more.
    if (!this.line) {
      this.over = true;
      this.span.refused(this.callControlId === undefined ? 'closed before it started' : 'closed before it was served');
    }
    this.leave(code);
  }

  private leave(cause: number | 'stop'): void {
    const { line, callControlId } = this;
    this.line = undefined;
    if (!line || !callControlId || !line.detach(this.connection)) return;
    this.over = true;
    this.around.log.info({ ...this.about, cause }, 'media stream ended');
    this.around.calls.streamLost(callControlId);
  }

  /** A mistake of ours in one call's frames ends that call, not the process. */
  private failed(error: unknown): void {
    this.around.log.error({ err: error, ...this.about }, 'media stream failed');
    this.span.refused('a mistake of ours', 'internal-error');
    if (this.callControlId) this.around.calls.end(this.callControlId, 'internal-error', true);
    this.connection.terminate();
  }
}
