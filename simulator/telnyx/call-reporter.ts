import { type CallHost } from './call-host.js';
import * as payloads from './call-payloads.js';
import { type StreamListener } from './call-streams.js';
import { type MediaStreamClient } from './media-stream-client.js';
import { type SimulatedCall } from './simulated-call.js';
import { type StreamRequest } from './stream-request.js';

/** Tells what happens to a call: to the app by webhook, to the test by the call's log. */
export class CallReporter implements StreamListener {
  constructor(
    private readonly host: CallHost,
    private readonly call: SimulatedCall,
  ) {}

  initiated(): void {
    this.call.log.add('initiated');
    this.emit('call.initiated', payloads.initiatedPayload(this.call.facts, this.host.switches));
  }

  answered(stream: StreamRequest | undefined): void {
    this.call.log.add('answered');
    this.emit('call.answered', payloads.answeredPayload(this.call.facts, this.host.switches, stream));
  }

  bridged(): void {
    this.call.log.add('bridged');
    this.emit('call.bridged', payloads.commonPayload(this.call.facts, this.host.switches));
  }

  dtmf(digit: string): void {
    if (!this.host.switches.dtmfWebhook) return;
    this.emit('call.dtmf.received', payloads.dtmfPayload(this.call.facts, this.host.switches, digit));
  }

  /** @param answeredForMs `undefined` when the call never was answered */
  ended(hangup: payloads.Hangup, answeredForMs: number | undefined): void {
    const { facts } = this.call;
    const { switches } = this.host;
    this.emit('call.hangup', payloads.hangupPayload(facts, switches, hangup, answeredForMs !== undefined));
    if (switches.callCostWebhook) {
      const billedSeconds = Math.ceil((answeredForMs ?? 0) / 1000);
      this.emit('call.cost', payloads.costPayload(facts, switches, billedSeconds));
    }
    this.call.log.add('ended', hangup.cause);
  }

  /** Events with the common fields and `more`. */
  common(eventType: string, more: Record<string, unknown>): void {
    this.emit(eventType, { ...payloads.commonPayload(this.call.facts, this.host.switches), ...more });
  }

  streamConnected(stream: MediaStreamClient): void {
    const { log, streams, facts } = this.call;
    log.add('stream-connected', stream.streamId);
    // Told once for a stream, not again when its socket is re-dialled.
    if (streams.filter((other) => other.streamId === stream.streamId).length > 1) return;
    this.emit('streaming.started', payloads.streamingPayload(facts, this.host.switches, stream.request.url));
  }

  streamStarted(stream: MediaStreamClient): void {
    this.call.log.add('stream-started', stream.streamId);
  }

  streamLost(_stream: MediaStreamClient, detail: string): void {
    this.call.log.add('stream-lost', detail);
  }

  streamFailed(stream: { id: string; request: StreamRequest }, detail: string): void {
    if (this.call.state === 'ended') return;
    this.emit('streaming.failed', payloads.streamingFailedPayload(this.call.facts, this.host.switches, stream));
    this.call.log.add('stream-failed', detail);
  }

  streamStopped(request: StreamRequest): void {
    this.emit('streaming.stopped', payloads.streamingPayload(this.call.facts, this.host.switches, request.url));
    this.call.log.add('stream-stopped');
  }

  private emit(eventType: string, payload: Record<string, unknown>): void {
    this.host.emit(this.call, eventType, payload);
  }
}
