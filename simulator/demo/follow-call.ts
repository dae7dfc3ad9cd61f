import { CLIP_TEXTS } from '../audio/clips.js';
import { type CallerEvent } from '../caller/index.js';
import { tailOf, tailOfAll } from '../cli/tail.js';
import { type DoubleSession, type RealtimeDouble } from '../realtime/index.js';
import { type SimulatedCall, type TelnyxDouble } from '../telnyx/index.js';
import { ASSISTANT_CLIPS } from './cast.js';
import { type DemoEvent } from './demo-event.js';
import { BOOKING_TOOL, type BookingRequest, type Restaurant } from './restaurant.js';

interface Followed {
  telnyx: TelnyxDouble;
  realtime: RealtimeDouble | undefined;
  restaurant: Restaurant;
  call: SimulatedCall;
  /** Epoch milliseconds. */
  dialledAt: number;
}

/** What the doubles and the restaurant saw since the last look, as events. */
export function followDoubles({ telnyx, realtime, restaurant, call, dialledAt }: Followed): () => DemoEvent[] {
  const webhooks = tailOf(() => telnyx.webhooks);
  const happenings = tailOf(() => call.log.entries);
  const answered = tailOf(() => telnyx.requests.filter(({ status }) => status !== undefined));
  const sessions = (): readonly DoubleSession[] => realtime?.sessions ?? [];
  const truncations = tailOfAll(() =>
    sessions().map(({ clientEvents }) => clientEvents.filter(({ type }) => type === 'conversation.item.truncate')),
  );
  const toolsCalled = tailOfAll(() =>
    sessions().map(({ serverEvents }) =>
      serverEvents.filter(({ type }) => type === 'response.function_call_arguments.done'),
    ),
  );
  const requested = tailOf(() => restaurant.requests);
  const replied = tailOf(() => restaurant.requests.flatMap(({ answer }) => (answer ? [answer] : [])));
  const dialledAtMs = call.log.entries[0]?.atMs ?? 0;
  // What the model's double does has no time of its own: it was done since the last look.
  let lookedAt = dialledAt;
  const look = (): DemoEvent[] => [
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
    ...toolsCalled().map(({ name }): DemoEvent => ({
      atMs: lookedAt - dialledAt,
      lane: 'model',
      text: `calls the tool ${String(name)}`,
    })),
    ...requested().map((request): DemoEvent => ({
      atMs: request.at - dialledAt,
      lane: 'tool',
      text: describeRequest(request),
      tone: 'mark',
    })),
    ...replied().map(({ at, status, body }): DemoEvent => ({
      atMs: at - dialledAt,
      lane: 'tool',
      text: `${status} ${JSON.stringify(body)}`,
      ...(status >= 300 && { tone: 'problem' as const }),
    })),
    ...truncations().map(({ audio_end_ms: endMs }): DemoEvent => ({
      atMs: Date.now() - dialledAt,
      lane: 'model',
      text: `told to forget what it said after ${String(endMs)} ms of its answer (truncated)`,
      tone: 'mark',
    })),
  ];
  return () => {
    const events = look();
    lookedAt = Date.now();
    return events;
  };
}

function describeRequest({ booking, idempotencyKey }: BookingRequest): string {
  const what = booking === undefined ? 'no booking' : JSON.stringify(booking);
  return `${BOOKING_TOOL} ${what}, idempotency key ${idempotencyKey?.slice(0, 8) ?? 'missing'}…`;
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
  const clips = live ? [] : ASSISTANT_CLIPS;
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
        const clip = clips[spoken++];
        const text = clip === undefined ? 'speaks' : `“${CLIP_TEXTS[clip]}”`;
        return { atMs, lane: 'assistant', text, tone: 'speech' };
      }
      case 'pressed':
        return { atMs, lane: 'caller', text: `presses ${event.digits}`, tone: 'speech' };
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
