import { levelDbfs } from '../audio/energy.js';
import { BOOKING_CALL, type CallReport, prepareScript, runCallerScript } from '../caller/index.js';
import { recordingOf } from '../cli/call-recording.js';
import { explainCall } from '../cli/explain-call.js';
import { addressesOf } from '../cli/place-calls.js';
import { pause, within } from '../cli/stop-signals.js';
import { type SimulatedCall } from '../telnyx/index.js';
import { demoReplies } from './cast.js';
import { problemsOf } from './check-call.js';
import { EventOrder } from './demo-event.js';
import { type DemoOutcome } from './demo-report.js';
import { followCaller, followDoubles } from './follow-call.js';
import { cutOf, gatewayEvent } from './gateway-events.js';
import { type GatewayLine } from './gateway-process.js';
import { heardOfAnswerMs, type Interruption, wordsHeard } from './interruption.js';
import { setStage, type Stage } from './stage.js';
import { type CallLevels, type DemoView } from './view.js';

export interface DemoRun {
  outcome: DemoOutcome;
  /** The recording, when there was a call. */
  recording: Buffer | undefined;
}

const LOOK_EVERY_MS = 40;
/** The gateway's last lines and webhooks, after the hang-up. */
const LAST_WORDS_MS = 3000;

/**
 * Holds the demo's call. In: the user's settings when the model is the real one; where to show it; what stops it.
 * Out: what it came to; undefined when it was stopped. Rejects with GatewayFailed when there is no gateway.
 */
export async function runDemo(
  live: Readonly<Record<string, string>> | undefined,
  view: DemoView,
  stopped: AbortSignal,
): Promise<DemoRun | undefined> {
  const lines: GatewayLine[] = [];
  let onLine = (_line: GatewayLine): void => undefined;
  const startedMs = performance.now();
  view.note(
    live
      ? 'Starting the gateway, and a simulated Telnyx for it. The model is the real one.'
      : 'Starting the gateway, and a simulated Telnyx and OpenAI for it.',
  );
  const stage = await setStage({
    live,
    stopped,
    onLine: (line) => {
      lines.push(line);
      onLine(line);
    },
  });
  try {
    const startUpMs = Math.round(performance.now() - startedMs);
    view.note(`Ready after ${startUpMs} ms. A call of about half a minute; Ctrl-C stops it.\n`);

    const dialledAt = Date.now();
    const call = stage.telnyx.placeCall();
    const order = new EventOrder((event) => view.show(event));
    order.add({ atMs: 0, lane: 'telnyx', text: `${call.from} calls ${call.to}` });
    onLine = (line) => order.add(gatewayEvent(line, dialledAt));
    const look = followDoubles({ telnyx: stage.telnyx, realtime: stage.realtime, call, dialledAt });
    const looking = setInterval(() => {
      for (const event of look()) order.add(event);
      order.flush(Date.now() - dialledAt);
    }, LOOK_EVERY_MS);
    const report = await converse(stage, call, { live: live !== undefined, order, view, stopped }).finally(async () => {
      await lastWords(stage, lines, stopped);
      clearInterval(looking);
    });
    order.flush(Infinity);
    // What it says while it is stopped is not about the call.
    onLine = () => undefined;
    if (stopped.aborted) return undefined;

    const interruption = interruptionOf(stage, call, report, lines);
    const died = stage.gateway.running ? undefined : await stage.gateway.exited;
    const problems = problemsOf({
      died,
      report,
      interruption,
      explanation: explanationOf(stage, call),
      heard: call.heard.toPcm(),
      webhooks: stage.telnyx.webhooks,
      commands: stage.telnyx.requests,
      gatewayLines: lines,
      refusedByModel: stage.realtime?.sessions.flatMap(({ violations, errorsSent }) => [
        ...violations.map(({ detail }) => detail),
        ...errorsSent.map(({ message }) => message),
      ]),
    });
    const outcome: DemoOutcome = {
      ok: problems.length === 0,
      problems,
      live: live !== undefined,
      startUpMs,
      call: report,
      interruption,
      gatewayAnsweredAfterMs: lines.flatMap(({ answeredAfterMs }) =>
        typeof answeredAfterMs === 'number' ? [answeredAfterMs] : [],
      ),
      wav: undefined,
    };
    return { outcome, recording: recordingOf(call) };
  } finally {
    view.close();
    await stage.close();
  }
}

interface Conversing {
  live: boolean;
  order: EventOrder;
  view: DemoView;
  stopped: AbortSignal;
}

/** Lets the caller do what the script says, and tells it. A stop, or the gateway's death, hangs up. */
async function converse(stage: Stage, call: SimulatedCall, options: Conversing): Promise<CallReport> {
  const { live, order, view, stopped } = options;
  const tellCaller = followCaller(call, live);
  const hangUp = (): void => call.hangUp();
  stopped.addEventListener('abort', hangUp, { once: true });
  stage.gateway.exited.then(hangUp).catch(() => undefined);
  if (stopped.aborted) hangUp();
  view.begin(levelsOf(call));
  try {
    return await runCallerScript(call, prepareScript(BOOKING_CALL), {
      observer: (event) => {
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

/** The call's one interruption, seen from the caller, the gateway and the model; undefined when nothing was cut off. */
function interruptionOf(
  { realtime }: Stage,
  call: SimulatedCall,
  { turns }: CallReport,
  lines: readonly GatewayLine[],
): Interruption | undefined {
  const index = turns.findIndex(({ interrupts }) => interrupts);
  const asked = turns[index - 1];
  const dropped = call.log.entries.find(({ name }) => name === 'clear');
  if (asked === undefined || dropped === undefined) return undefined;
  const heardMs = heardOfAnswerMs(call.heard.segments, asked.toMs, call.heard.sinceAnswer(dropped.atMs));
  const cut = lines.map(cutOf).find((item) => item !== undefined);
  const truncated = realtime?.sessions
    .flatMap(({ items }) => items)
    .find(({ truncatedAtMs }) => truncatedAtMs !== undefined);
  const answer = realtime && demoReplies()[index];
  const answerMs = answer?.audio instanceof Int16Array ? answer.audio.length / 8 : undefined;
  return {
    heardMs,
    generatedMs: cut?.receivedMs,
    gatewayHeardMs: cut?.heardMs,
    truncatedAtMs: truncated?.truncatedAtMs,
    heardWords: answer && answerMs ? wordsHeard(answer.text, heardMs / answerMs) : undefined,
  };
}
