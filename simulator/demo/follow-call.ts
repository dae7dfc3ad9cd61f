import { type CallerEvent } from '../caller/index.js';
import { tailOf } from '../cli/tail.js';
import { type RealtimeDouble } from '../realtime/index.js';
import { type SimulatedCall, type TelnyxDouble } from '../telnyx/index.js';
import { demoReplies } from './cast.js';
import { type DemoEvent } from './demo-event.js';

interface Followed {
  telnyx: TelnyxDouble;
  realtime: RealtimeDouble | undefined;
  call: SimulatedCall;
  /** Epoch milliseconds. */
  dialledAt: number;
}

/** What the doubles saw since the last look, as events. */
export function followDoubles({ telnyx, realtime, call, dialledAt }: Followed): () => DemoEvent[] {
  const webhooks = tailOf(() => telnyx.webhooks);
  const happenings = tailOf(() => call.log.entries);
  const answered = tailOf(() => telnyx.requests.filter(({ status }) => status !== undefined));
  const truncations = tailOf(() =>
    (realtime?.sessions ?? []).flatMap((session) =>
      session.clientEvents.filter(({ type }) => type === 'conversation.item.truncate'),
    ),
  );
  const dialledAtMs = call.log.entries[0]?.atMs ?? 0;
  return () => [
    ...answered().map(({ at, action, status, body }): DemoEvent => {
      const tone = (status ?? 0) >= 400 ? { tone: 'problem' as const } : {};
      const withStream = typeof body['stream_url'] === 'string' ? ', with a media stream' : '';
      return { atMs: at - dialledAt, lane: 'telnyx', text: `command “${action}”${withStream}: ${status}`, ...tone };
    }),
    ...webhooks().map(({ at, event_type: type, status, error, latencyMs }): DemoEvent => {
      const text = `webhook ${type}: ${status ?? error ?? 'no answer'} in ${Math.round(latencyMs)} ms`;
      const bad = status === undefined || status > 299;
      return { atMs: at + latencyMs - dialledAt, lane: 'telnyx', text, ...(bad && { tone: 'problem' as const }) };
    }),
    ...happenings().flatMap(({ name, atMs, detail }): DemoEvent[] => {
      const text = describe(name, detail);
      return text === undefined ? [] : [{ atMs: atMs - dialledAtMs, lane: 'telnyx', text }];
    }),
    ...truncations().map(({ audio_end_ms: endMs }): DemoEvent => ({
      atMs: Date.now() - dialledAt,
      lane: 'model',
      text: `told to forget what it said after ${String(endMs)} ms of its answer (truncated)`,
      tone: 'mark',
    })),
  ];
}

function describe(name: string, detail: string | undefined): string | undefined {
  switch (name) {
    case 'stream-started':
      return 'media stream open';
    case 'clear':
      return 'queued audio dropped (“clear”)';
    case 'stream-lost':
    case 'stream-failed':
    case 'app-error':
    case 'rejected':
      return `${name}${detail ? `: ${detail}` : ''}`;
    default:
      return undefined;
  }
}

/** What the caller says and hears, as events; times since the answer become times since the caller dialled. */
export function followCaller(call: SimulatedCall, live: boolean): (event: CallerEvent) => DemoEvent | undefined {
  const replies = live ? [] : demoReplies();
  let spoken = 0;
  return (event) => {
    const dialledAtMs = call.log.entries[0]?.atMs ?? 0;
    const atMs = event.atMs + (call.answeredAtMs ?? dialledAtMs) - dialledAtMs;
    switch (event.kind) {
      case 'caller-speaks':
        return {
          atMs,
          lane: 'caller',
          text: `${event.interrupts ? '(interrupts) ' : ''}“${event.words}”`,
          tone: 'speech',
        };
      case 'assistant-speaks': {
        const words = replies[spoken++]?.text;
        return { atMs, lane: 'assistant', text: words === undefined ? 'speaks' : `“${words}”`, tone: 'speech' };
      }
      case 'pressed':
        return { atMs, lane: 'caller', text: `presses ${event.digits}` };
      case 'hung-up':
        return { atMs, lane: event.by === 'caller' ? 'caller' : 'gateway', text: 'hangs up' };
      case 'problem':
        return { atMs, lane: 'caller', text: event.what, tone: 'problem' };
      case 'answered':
      case 'caller-finished':
      case 'assistant-finished':
        return undefined;
    }
  };
}
