import { babble } from '../../simulator/audio/signals.js';
import { DEFAULT_SWITCHES, type DoubleSession } from '../../simulator/realtime/index.js';
import { type SimulatedCall } from '../../simulator/telnyx/index.js';
import { callEnded, requestsFor } from './calls.js';
import { type LogLine, setStage, type Stage, type StageOptions } from './gateway.js';

/** Short, because Telnyx reads them out in real time. */
export const SENTENCE = {
  sorry: 'Sorry, goodbye.',
  fallback: 'Someone will help.',
  wait: 'One moment.',
  idle: 'Are you gone? Goodbye.',
  timeUp: 'Time is up. Goodbye.',
  goodbye: 'I have to go. Goodbye.',
};

/** What the caller says, as 8 kHz PCM: something like a short word. */
export const WORDS = babble(400, -12);

/** The doubles and the gateway, with everything quick that a failure does not have to be slow in. */
export function setFailingStage({ env, telnyx, realtime }: StageOptions = {}): Promise<Stage> {
  return setStage({
    env: {
      WARM_SESSIONS: '0',
      VAD_SILENCE_MS: '200',
      SENTENCE_SORRY: SENTENCE.sorry,
      SENTENCE_FALLBACK: SENTENCE.fallback,
      SENTENCE_WAIT: SENTENCE.wait,
      SENTENCE_IDLE: SENTENCE.idle,
      SENTENCE_TIME_UP: SENTENCE.timeUp,
      SENTENCE_GOODBYE: SENTENCE.goodbye,
      ...env,
    },
    telnyx: { ...telnyx, switches: { speakMsPerCharacter: 5, ...telnyx?.switches } },
    realtime: {
      script: { replies: [{ text: 'Hello, this is the assistant.', durationMs: 400 }], hears: ['And on Thursday?'] },
      ...realtime,
      switches: { responseDelayMs: 20, ...realtime?.switches },
    },
  });
}

/** Takes all faults away, and waits until every call is let go of: the next test finds a quiet gateway. */
export async function mendStage({ gateway, telnyx, realtime }: Stage): Promise<void> {
  realtime.faults.clear();
  telnyx.faults.clear();
  Object.assign(realtime.switches, DEFAULT_SWITCHES, { responseDelayMs: 20 });
  for (const call of telnyx.calls) if (call.state !== 'ended') call.hangUp();
  await gateway.waitForStatus(({ heldCalls, activeCalls }) => heldCalls === 0 && activeCalls === 0);
  expect(gateway.alive).toBe(true);
  expect(realtime.sessions.flatMap(({ violations }) => violations)).toEqual([]);
}

/** What the log says about one call under this message, so far. */
export function linesOf({ gateway }: Stage, call: SimulatedCall, msg: string): LogLine[] {
  return gateway.lines.filter((line) => line['callId'] === call.callControlId && line.msg === msg);
}

/** Resolves with the first line of the log about this call that has this message and these fields. */
export function told(
  { gateway }: Stage,
  call: SimulatedCall,
  msg: string,
  fields: Record<string, unknown> = {},
  timeoutMs?: number,
): Promise<LogLine> {
  return gateway.waitForLine(
    (line) =>
      line['callId'] === call.callControlId &&
      line.msg === msg &&
      Object.entries(fields).every(([name, value]) => line[name] === value),
    timeoutMs,
  );
}

/** The call ended for this reason, and the last thing that Telnyx said to the caller is this; undefined: nothing. */
export async function expectEnd(
  stage: Stage,
  call: SimulatedCall,
  endReason: string,
  sentence: string | undefined,
  timeoutMs = 15_000,
): Promise<void> {
  expect(await callEnded(stage, call, timeoutMs)).toMatchObject({ endReason });
  const last = call.heard.spoken.at(-1);
  expect(last && [last.text, last.status]).toEqual(sentence === undefined ? undefined : [sentence, 'completed']);
  expect(requestsFor(stage, call).at(-1)).toMatchObject({ action: 'hangup', status: 200 });
}

/** A counter of `/status`, now. */
export async function counter({ gateway }: Stage, name: string): Promise<number> {
  const { counters } = await gateway.status();
  const value = counters[name];
  if (value === undefined) throw new Error(`there is no counter ${name}`);
  return value;
}

/** What a session was told to remember, as `role: text`. */
export function remembered(session: DoubleSession): string[] {
  return session.clientEvents.flatMap(({ type, item }) => {
    const { role, content } = (item ?? {}) as { role?: string; content?: { text?: string }[] };
    return type === 'conversation.item.create' && role ? [`${role}: ${content?.[0]?.text ?? ''}`] : [];
  });
}

/** Answers that a session was asked for. */
export const asked = (session: DoubleSession): number => session.responseCreates.length;

/** Resolves when the session has finished an answer of this status. */
export async function answered(session: DoubleSession, status = 'completed', timeoutMs = 10_000): Promise<void> {
  await session.waitFor(
    'response.done',
    timeoutMs,
    ({ response }) => (response as { status: string }).status === status,
  );
}
