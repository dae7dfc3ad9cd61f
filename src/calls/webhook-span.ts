import { type PodIdentity } from '../affinity/pod.js';
import { type CallTrace, type SpanAttributes } from '../telemetry/trace/call-trace.js';
import { ATTRS, SPANS } from '../telemetry/trace/names.js';
import { type WebhookReceipt } from './webhook-receipt.js';

/**
 * A webhook in the trace of its call. It is written at the end, and only where somebody had a use for the webhook: what
 * comes after a call's end belongs to no trace, and only whoever has the call knows that it is over.
 */
export class WebhookSpan {
  private used = false;
  private readonly attributes: SpanAttributes;

  /** @param receipt undefined: it is not to be written, because another pod does that. */
  constructor(
    private readonly trace: CallTrace,
    private readonly receipt: WebhookReceipt | undefined,
    about: SpanAttributes,
  ) {
    this.attributes = about;
  }

  /** A call of this pod had a use for it. */
  usedHere(): void {
    this.used = true;
  }

  /** Another pod had. */
  usedBy(pod: PodIdentity): void {
    this.used = true;
    this.attributes[ATTRS.toPod] = pod.name;
  }

  /** It was worked on. @param error a word, where that failed. */
  end(error?: string): void {
    const { receipt, trace } = this;
    if (!receipt || (!this.used && error === undefined)) return;
    const { receivedAtMs, occurredAtMs, eventId, eventType, traceparent } = receipt;
    const attributes = {
      ...this.attributes,
      [ATTRS.webhookEventId]: eventId,
      [ATTRS.webhookDelayMs]: occurredAtMs === undefined ? undefined : receivedAtMs - occurredAtMs,
    };
    const options = { kind: 'server', startMs: receivedAtMs, linkedTo: traceparent, attributes } as const;
    trace.begin(SPANS.webhook(eventType), options).end(error);
  }
}
