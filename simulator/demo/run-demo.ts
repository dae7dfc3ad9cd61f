import { levelDbfs } from '../audio/energy.js';
import { BOOKING_CALL, type CallReport, prepareScript, runCallerScript } from '../caller/index.js';
import { recordingOf } from '../cli/call-recording.js';
import { explainCall } from '../cli/explain-call.js';
import { addressesOf } from '../cli/place-calls.js';
import { pause, within } from '../cli/stop-signals.js';
import { type RealtimeDouble } from '../realtime/index.js';
import { type SimulatedCall } from '../telnyx/index.js';
import { type ReceivedExport } from '../trace/otlp-receiver.js';
import { type TraceSpan } from '../trace/span.js';
import { type CallEvidence, problemsOf, remarksOf } from './check-call.js';
import { resumedAfterMs } from './check-loss.js';
import { ConnectionLoss } from './connection-loss.js';
import { EventOrder } from './demo-event.js';
import { type DemoOutcome } from './demo-report.js';
import { followCaller, followDoubles } from './follow-call.js';
import { costOf, gatewayEvent } from './gateway-events.js';
import { type GatewayLine } from './gateway-process.js';
import { interruptionOf } from './interruption.js';
import { setStage, type Stage } from './stage.js';
import { type CallLevels, type DemoView } from './view.js';

export interface DemoRun {
  outcome: DemoOutcome;
  /** The recording, when there was a call. */
  recording: Buffer | undefined;
  /** The spans of the call, in the order in which the gateway sent them. */
  trace: readonly TraceSpan[];
  /** The same as they came. */
  exports: readonly ReceivedExport[];
}

const LOOK_EVERY_MS = 40;
/** The gateway's last lines and webhooks, after the hang-up. */
const LAST_WORDS_MS = 3000;
const SUMMARY_SPAN = 'call.summary';

/**
 * Holds the demo's call. In: the user's settings when the model is the real one; where to show it; what stops it; how long
 * the restaurant takes to book.
 * Out: what it came to; undefined when it was stopped. Rejects with GatewayFailed when there is no gateway.
 */
export async function runDemo(
  live: Readonly<Record<string, string>> | undefined,
  view: DemoView,
  stopped: AbortSignal,
  toolMs?: number,
): Promise<DemoRun | undefined> {
  const lines: GatewayLine[] = [];
  let onLine = (_line: GatewayLine): void => undefined;
  const startedMs = performance.now();
  view.note(
    live
      ? 'Starting the gateway, a simulated Telnyx and a restaurant for it. The model is the real one.'
      : 'Starting the gateway, a simulated Telnyx and OpenAI and a restaurant for it.',
  );
  const stage = await setStage({
    live,
    stopped,
    toolMs,
    onLine: (line) => {
      lines.push(line);
      onLine(line);
    },
  });
  try {
    const startUpMs = Math.round(performance.now() - startedMs);
    view.note(`Ready after ${startUpMs} ms. A call of about forty seconds; Ctrl-C stops it.\n`);

    const dialledAt = Date.now();
    const call = stage.telnyx.placeCall();
    const order = new EventOrder((event) => view.show(event));
    order.add({ atMs: 0, lane: 'telnyx', text: `${call.from} calls ${call.to}` });
    onLine = (line) => order.add(gatewayEvent(line, dialledAt));
    const look = followDoubles({ ...stage, call, dialledAt });
    const loss = stage.realtime && new ConnectionLoss(stage.realtime, dialledAt, (event) => order.add(event));
    const looking = setInterval(() => {
      for (const event of look()) order.add(event);
      order.flush(Date.now() - dialledAt);
    }, LOOK_EVERY_MS);
    const report = await converse(stage, call, { loss, order, view, stopped }).finally(async () => {
      loss?.close();
      await lastWords(stage, lines, stopped);
      clearInterval(looking);
    });
    order.flush(Infinity);
    // What it says while it is stopped is not about the call.
    onLine = () => undefined;
    if (stopped.aborted) return undefined;

    const evidence: CallEvidence = {
      died: stage.gateway.running ? undefined : await stage.gateway.exited,
      report,
      interruption: interruptionOf(stage.realtime, call, report, lines),
      explanation: explanationOf(stage, call),
      heard: call.heard.toPcm(),
      webhooks: stage.telnyx.webhooks,
      commands: stage.telnyx.requests,
      gatewayLines: lines,
      bookings: stage.restaurant.requests,
      model: stage.realtime && { refused: refusedBy(stage.realtime), loss: loss?.outcome },
    };
    const trace = await traceIn(stage);
    const outcome = {
      ...outcomeOf(evidence, startUpMs),
      trace: trace[0] && { id: trace[0].traceId, spans: trace.length },
    };
    return { outcome, recording: recordingOf(call), trace, exports: stage.collector.exports };
  } finally {
    view.close();
    await stage.close();
  }
}

/** The call's spans: the only trace that there is. Its last span is the summary. */
async function traceIn({ collector, gateway }: Stage): Promise<TraceSpan[]> {
  const patienceMs = gateway.running ? LAST_WORDS_MS : 0;
  const last = await collector.waitFor(({ name }) => name === SUMMARY_SPAN, patienceMs);
  const traceId = last?.traceId ?? collector.spans[0]?.traceId;
  return traceId === undefined ? [] : collector.trace(traceId);
}

function outcomeOf(evidence: CallEvidence, startUpMs: number): Omit<DemoOutcome, 'trace'> {
  const { report, interruption, gatewayLines, model } = evidence;
  const problems = problemsOf(evidence);
  const [booking] = evidence.bookings;
  const loss = model?.loss;
  return {
    ok: problems.length === 0,
    problems,
    remarks: remarksOf(evidence),
    live: model === undefined,
    startUpMs,
    call: report,
    interruption,
    toolMs: booking?.answer && booking.answer.at - booking.at,
    loss: loss && { resumedAfterMs: resumedAfterMs(loss, gatewayLines), toldItems: loss.told.length },
    gatewayAnsweredAfterMs: gatewayLines.flatMap(({ answeredAfterMs }) =>
      typeof answeredAfterMs === 'number' ? [answeredAfterMs] : [],
    ),
    costUsd: costOf(gatewayLines),
    wav: undefined,
  };
}

/** What the model's double would not have taken from the gateway. */
function refusedBy(model: RealtimeDouble): string[] {
  return model.sessions.flatMap(({ violations, errorsSent }) => [
    ...violations.map(({ detail }) => detail),
    ...errorsSent.map(({ message }) => message),
  ]);
}

interface Conversing {
  loss: ConnectionLoss | undefined;
  order: EventOrder;
  view: DemoView;
  stopped: AbortSignal;
}

/** Lets the caller do what the script says, and tells it. A stop, or the gateway's death, hangs up. */
async function converse(stage: Stage, call: SimulatedCall, options: Conversing): Promise<CallReport> {
  const { loss, order, view, stopped } = options;
  const tellCaller = followCaller(call, stage.realtime === undefined);
  const hangUp = (): void => call.hangUp();
  stopped.addEventListener('abort', hangUp, { once: true });
  stage.gateway.exited.then(hangUp).catch(() => undefined);
  if (stopped.aborted) hangUp();
  view.begin(levelsOf(call));
  try {
    return await runCallerScript(call, prepareScript(BOOKING_CALL), {
      observer: (event) => {
        loss?.observe(event);
        const shown = tellCaller(event);
        if (shown) order.add(shown);
      },
    });
  } finally {
    if (call.state !== 'ended') call.hangUp();
    stopped.removeEventListener('abort', hangUp);
  }
}

/** Waits until the gateway has said that the call ended and has taken the last webhook; not for ever. */
async function lastWords(stage: Stage, lines: readonly GatewayLine[], stopped: AbortSignal): Promise<void> {
  const untilMs = performance.now() + LAST_WORDS_MS;
  const over = (): boolean => lines.some(({ msg }) => msg === 'call ended') || !stage.gateway.running;
  while (!over() && !stopped.aborted && performance.now() < untilMs) await pause(LOOK_EVERY_MS, stopped);
  await within(stage.telnyx.settled(), LAST_WORDS_MS, stopped);
  await pause(2 * LOOK_EVERY_MS, stopped);
}

/** Levels of finished stretches do not change, so each is measured once. */
function levelsOf(call: SimulatedCall): CallLevels {
  const known = new Map<string, number>();
  return {
    get elapsedMs() {
      return call.heard.elapsedMs;
    },
    level: (who, fromMs, toMs) => {
      const key = `${who} ${fromMs} ${toMs}`;
      let level = known.get(key);
      if (level === undefined) {
        const answeredAtMs = call.answeredAtMs ?? 0;
        level = levelDbfs(
          who === 'assistant'
            ? call.heard.audioBetween(fromMs, toMs)
            : call.voice.render(answeredAtMs + fromMs, answeredAtMs + toMs),
        );
        known.set(key, level);
      }
      return level;
    },
  };
}

function explanationOf({ telnyx }: Stage, call: SimulatedCall): string | undefined {
  return explainCall(
    { deliveries: telnyx.webhooks, requests: telnyx.requests, events: call.log.entries },
    addressesOf(telnyx),
  );
}
