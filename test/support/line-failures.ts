import { babble } from '../../simulator/audio/signals.js';
import { type SimulatedCall } from '../../simulator/telnyx/index.js';
import { type ConnectedCall, eventually } from './calls.js';
import { type LogLine, type Stage } from './gateway.js';

const WARN = 40;
const WORDS = babble(900, -12);

/** What the operator is told about a call: its lines of at least level `warn`, in order. */
export function complaints({ gateway }: Stage, call: SimulatedCall): LogLine[] {
  return gateway.lines.filter(({ callId, level }) => callId === call.callControlId && level >= WARN);
}

/** The messages of `complaints`. */
export function complaintsAbout(stage: Stage, call: SimulatedCall): string[] {
  return complaints(stage, call).map(({ msg }) => msg);
}

/** Resolves with a line of this call's log that holds `words`. */
export function lineAbout(
  { gateway }: Stage,
  call: SimulatedCall,
  words: string,
  timeoutMs?: number,
): Promise<LogLine> {
  return gateway.waitForLine(({ callId, msg }) => callId === call.callControlId && msg.includes(words), timeoutMs);
}

/** What the double's webhooks about a call carry, for webhooks that a test sends itself. */
export function webhookIdentity(call: SimulatedCall): Record<string, unknown> {
  return {
    call_control_id: call.callControlId,
    call_leg_id: call.callLegId,
    call_session_id: call.callSessionId,
    connection_id: call.connectionId,
  };
}

/**
 * Ends what is left of all calls, and resolves when the gateway holds none of them and no model session of theirs: only
 * those may be open that wait for the next call.
 */
export async function everythingLetGo({ telnyx, gateway, realtime }: Stage): Promise<void> {
  for (const call of telnyx.calls) if (call.state !== 'ended') call.hangUp();
  await gateway.waitForStatus(
    ({ heldCalls, activeCalls, warmSessions }) =>
      heldCalls === 0 && activeCalls === 0 && realtime.sessions.filter(({ open }) => open).length === warmSessions,
  );
  if (!gateway.alive) throw new Error('the gateway is gone');
}

/** Resolves when more of the assistant has been heard. */
export async function hearsMore(call: SimulatedCall, bytes = 4_000): Promise<void> {
  const before = call.heard.playedBytes;
  await eventually(() => (call.heard.playedBytes >= before + bytes ? true : undefined), 'more of the assistant');
}

/** The caller says something, is heard in this session, and hears an answer. */
export async function isAnswered({ call, session }: ConnectedCall): Promise<void> {
  await call.say(WORDS);
  await session.waitFor('speech_stopped');
  await hearsMore(call, 1_600);
}

/** What Telnyx itself said to the caller, and how each sentence ended. */
export function spoken(call: SimulatedCall): [text: string, status: string][] {
  return call.heard.spoken.map(({ text, status }) => [text, status]);
}

/** Has the call end for a reason of ours, with a sentence that Telnyx speaks. */
export function breakFrames(call: SimulatedCall): void {
  for (let index = 0; index < 100; index++) call.sendRaw('{');
}
