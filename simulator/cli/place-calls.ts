import { randomInt } from 'node:crypto';
import { type CallerEvent, type CallReport, type PreparedScript, runCallerScript } from '../caller/index.js';
import { type SimulatedCall, type TelnyxCodec, type TelnyxDouble } from '../telnyx/index.js';
import { type DoubleAddresses, explainCall } from './explain-call.js';
import { pause } from './stop-signals.js';

export interface CallPlan {
  script: PreparedScript;
  calls: number;
  /** Calls at the same time. */
  concurrency: number;
  ratePerSecond: number;
  /** Default: the script's, or another number for each call. */
  from: string | undefined;
  to: string | undefined;
  codec: TelnyxCodec;
  /** Length of the media frames to the gateway. */
  frameMs: number;
  answerTimeoutMs: number;
}

/** A call that is over. */
export interface PlacedCall {
  /** From 1. */
  number: number;
  call: SimulatedCall;
  report: CallReport;
  /** Of the report, and what else was not as it should; empty: the call did what was asked. */
  problems: string[];
}

export interface PlacingListener {
  event?(number: number, event: CallerEvent): void;
  finished?(placed: PlacedCall): void;
}

/** With this many calls, how often each listens stops mattering less than what it costs. */
const MANY_CALLS = 20;

/** A range of its own for each run. */
const NUMBERS_OF_A_RUN = 100_000;

/**
 * Hands out phone numbers, each once, and not those of the run before: gateways limit how often one number may call in a
 * minute.
 */
export function callerNumbers(): () => string {
  let next = 1_000_000 + randomInt(80) * NUMBERS_OF_A_RUN;
  return () => `+1555${next++}`;
}

/** Places the calls of a plan and resolves with all that were placed, in order, once they are over. */
export async function placeCalls(
  telnyx: TelnyxDouble,
  plan: CallPlan,
  stopped: AbortSignal,
  listener: PlacingListener = {},
): Promise<PlacedCall[]> {
  const running = new Set<Promise<void>>();
  const placed: PlacedCall[] = [];
  const newCaller = callerNumbers();
  for (let number = 1; number <= plan.calls && !stopped.aborted; number++) {
    if (number > 1) await pause(1000 / plan.ratePerSecond, stopped);
    while (running.size >= plan.concurrency) await Promise.race(running);
    if (stopped.aborted) break;
    const one = placeCall(telnyx, plan, number, newCaller(), stopped, listener).then((done) => {
      placed.push(done);
      running.delete(one);
      listener.finished?.(done);
    });
    running.add(one);
  }
  await Promise.all(running);
  return placed.sort((a, b) => a.number - b.number);
}

async function placeCall(
  telnyx: TelnyxDouble,
  plan: CallPlan,
  number: number,
  newCaller: string,
  stopped: AbortSignal,
  listener: PlacingListener,
): Promise<PlacedCall> {
  const from = plan.from ?? plan.script.from ?? newCaller;
  const to = plan.to ?? plan.script.to;
  const { codec, frameMs } = plan;
  const call = telnyx.placeCall({ from, codec, frameMs, ...(to !== undefined && { to }) });
  const hangUp = (): void => call.hangUp();
  stopped.addEventListener('abort', hangUp, { once: true });
  try {
    const report = await runCallerScript(call, plan.script, {
      answerTimeoutMs: plan.answerTimeoutMs,
      observer: (event) => listener.event?.(number, event),
      ...(plan.concurrency > MANY_CALLS && { listenEveryMs: 100 }),
    });
    // A caller who never got through gives up.
    if (call.state !== 'ended') call.hangUp();
    const problems = stopped.aborted ? ['stopped'] : problemsOf(call, report, telnyx);
    return { number, call, report, problems };
  } finally {
    stopped.removeEventListener('abort', hangUp);
  }
}

function problemsOf(call: SimulatedCall, report: CallReport, telnyx: TelnyxDouble): string[] {
  const ofCall = <T extends { callControlId: string | undefined }>(all: readonly T[]): T[] =>
    all.filter(({ callControlId }) => callControlId === call.callControlId);
  const { entries } = call.log;
  const why = explainCall(
    { deliveries: ofCall(telnyx.webhooks), requests: ofCall(telnyx.requests), events: entries },
    addressesOf(telnyx),
  );
  const problems = why === undefined ? [...report.problems] : [why, ...report.problems];
  if (report.heard.length === 0 && why === undefined) problems.push('the caller heard nothing');
  const refused = entries.filter(({ name }) => name === 'app-error');
  if (refused.length > 0)
    problems.push(`${refused.length} frames of the gateway were refused, the first: ${refused[0]?.detail}`);
  return problems;
}

export function addressesOf(telnyx: TelnyxDouble): DoubleAddresses {
  const { restUrl, apiKey, publicKey, webhookUrl = '' } = telnyx;
  return { restUrl, apiKey, publicKey, webhookUrl };
}
