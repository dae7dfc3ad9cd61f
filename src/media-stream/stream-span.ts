import { type CallTrace, type SpanAttributes } from '../telemetry/trace/call-trace.js';
import { ATTRS, SPANS } from '../telemetry/trace/names.js';

/** A media socket in the trace of its call, from the upgrade until somebody serves it, or nobody does. */
export class StreamSpan {
  private readonly startMs = Date.now();
  private over = false;
  private attributes: SpanAttributes = {};

  /** @param trace asked for when there is something to write: the call may not be known before. */
  constructor(private readonly trace: () => CallTrace) {}

  set(attributes: SpanAttributes): void {
    Object.assign(this.attributes, attributes);
  }

  /** It is served here. @param error why it cannot be, all the same. */
  served(error?: string): void {
    this.write(SPANS.mediaStream, 'server', error);
  }

  /** Another pod serves it. @param tries pods that were asked, this one included. */
  relayed(toPod: string, tries: number): void {
    this.set({ [ATTRS.toPod]: toPod, [ATTRS.tries]: tries });
    this.write(SPANS.relay, 'client', undefined);
  }

  /** Nobody does. @param error a word; undefined where nothing went wrong. */
  refused(reason: string, error?: string): void {
    this.set({ [ATTRS.reason]: reason });
    this.write(SPANS.mediaStream, 'server', error);
  }

  /** It came after the end of its call, whose trace is complete. */
  discard(): void {
    this.over = true;
  }

  private write(name: string, kind: 'server' | 'client', error: string | undefined): void {
    if (this.over) return;
    this.over = true;
    const { startMs, attributes } = this;
    this.trace().record({ name, kind, startMs, endMs: Date.now(), attributes, error });
  }
}
