import { type DoubleSession, type RealtimeDouble } from '../../simulator/realtime/index.js';
import { type CallRequest, type RestRequest, type SimulatedCall } from '../../simulator/telnyx/index.js';
import { type LogLine, type Stage } from './gateway.js';

/** Sessions that belong to a call already, by double. */
const taken = new WeakSet<DoubleSession>();

/**
 * Looks again and again until there is something to see, for what announces itself by no event.
 * @param what names it in the error after `timeoutMs`.
 */
export async function eventually<T>(
  find: () => T | undefined | Promise<T | undefined>,
  what: string,
  timeoutMs = 10_000,
): Promise<T> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (performance.now() > until) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The model session of the call that was connected last: the first one with caller audio that no other call has. */
export async function sessionInUse(realtime: RealtimeDouble, timeoutMs?: number): Promise<DoubleSession> {
  const session = await eventually(
    () => realtime.sessions.find((candidate) => candidate.open && candidate.appendCount > 0 && !taken.has(candidate)),
    'a model session with caller audio',
    timeoutMs,
  );
  taken.add(session);
  return session;
}

export interface ConnectedCall {
  call: SimulatedCall;
  session: DoubleSession;
}

/** Places a call and resolves when its audio reaches the model. One at a time, so that it is clear whose session is whose. */
export async function connectCall({ telnyx, realtime }: Stage, request: CallRequest = {}): Promise<ConnectedCall> {
  const call = telnyx.placeCall(request);
  await call.waitFor('stream-started');
  return { call, session: await sessionInUse(realtime) };
}

/** As `connectCall`, and lets the assistant greet to the end. */
export async function greetedCall(stage: Stage, request: CallRequest = {}): Promise<ConnectedCall> {
  const connected = await connectCall(stage, request);
  await connected.session.waitFor('response.done');
  await connected.call.waitForQuiet(40);
  return connected;
}

/** The line with which the gateway closes the books of a call. */
export function callEnded({ gateway }: Stage, call: SimulatedCall, timeoutMs?: number): Promise<LogLine> {
  return gateway.waitForLine((line) => line.msg === 'call ended' && line['callId'] === call.callControlId, timeoutMs);
}

/** The caller hangs up; resolves when the gateway has let go of the call. */
export async function hangUp(stage: Stage, ...calls: SimulatedCall[]): Promise<void> {
  for (const call of calls) call.hangUp();
  await Promise.all(calls.map((call) => callEnded(stage, call)));
}

/** The REST requests for a call, in order; only those for `action` where it is given. */
export function requestsFor(stage: Stage, call: { callControlId: string }, action?: string): RestRequest[] {
  return stage.telnyx.requests.filter(
    (request) => request.callControlId === call.callControlId && (action === undefined || request.action === action),
  );
}

/** Resolves with the `count`th request for `action` of this call. */
export function requestOf(
  stage: Stage,
  call: SimulatedCall,
  action: string,
  count = 1,
  timeoutMs?: number,
): Promise<RestRequest> {
  return eventually(() => requestsFor(stage, call, action)[count - 1], `${action} number ${count}`, timeoutMs);
}

/** What the caller heard, as mu-law bytes without the silences between. */
export function heardBytes(call: SimulatedCall): Buffer {
  return Buffer.concat(call.heard.segments.map(({ bytes }) => bytes));
}
