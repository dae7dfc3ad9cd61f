import { type CallReport } from '../caller/index.js';
import { shorten, textTable } from '../cli/table.js';
import { duration, type Colors } from '../cli/terminal.js';
import { lossAnswers } from './check-loss.js';
import { type Interruption } from './interruption.js';

/** What the demo came to; `--json` writes it as it is. Times in ms, those of the call since its answer. */
export interface DemoOutcome {
  ok: boolean;
  problems: string[];
  /** What the real model left out of its part. */
  remarks: string[];
  live: boolean;
  /** Command to the first word of the demo: both doubles and the gateway up. */
  startUpMs: number;
  call: CallReport;
  interruption: Interruption | undefined;
  /** What the restaurant's system took to book. */
  toolMs: number | undefined;
  /** The lost connection to the model: until the gateway had gone on, and what it told the new session. */
  loss: { resumedAfterMs: number | undefined; toldItems: number } | undefined;
  /** Of each spoken turn: the model noticed its end, until its answer went out, as the gateway logs it. */
  gatewayAnsweredAfterMs: number[];
  /** What the model's part cost, or would have cost. */
  costUsd: number | undefined;
  /** The call's trace; undefined: none came. */
  trace: { id: string; spans: number } | undefined;
  /** What `--otlp` asked for: where the trace went, and what went wrong. */
  otlp?: { url: string; problem?: string };
  /** The recording's path. */
  wav: string | undefined;
}

/** What the table needs beside the caller's words. */
const FIGURES_WIDTH = 58;

/** What the double waits by design, so that nobody takes it for the gateway's time. */
const DOUBLE_NOTE =
  'Of each answer, 500 ms are the silence by which the model notices the end of a turn (VAD_SILENCE_MS), and 300 ms the\n' +
  "simulated model's thinking. After keys there is no such silence, and it thinks twice: before and after the tool.";
const LIVE_NOTE =
  'Of each answer, 500 ms are the silence by which the model notices the end of a turn (VAD_SILENCE_MS); most of the rest\n' +
  'is the model and the way to it.';

/** The same for programs; tenths of a millisecond are noise. */
export function outcomeJson(outcome: DemoOutcome): string {
  const rounded = (key: string, value: unknown): unknown =>
    typeof value === 'number' && key !== 'costUsd' ? Math.round(value) : value;
  return `${JSON.stringify(outcome, rounded, 2)}\n`;
}

/** The end of the demo in words: latencies, what happened, the recording, the verdict. @param columns of the terminal */
export function outcomeText(outcome: DemoOutcome, colors: Colors, columns = 120): string {
  const { call, interruption, problems, remarks, ok, live, wav } = outcome;
  const parts: string[] = [];
  if (call.endedBy !== 'never answered') {
    parts.push(latencies(call, Math.max(20, columns - FIGURES_WIDTH)));
    parts.push(colors.dim(live ? LIVE_NOTE : DOUBLE_NOTE));
  }
  if (interruption !== undefined) parts.push(interruptionText(interruption));
  const more = [toolText(outcome), lossText(outcome), costText(outcome)].filter((text) => text !== undefined);
  if (more.length > 0) parts.push(more.join('\n'));
  if (remarks.length > 0) parts.push(colors.yellow(`The model went its own way: ${remarks.join('; ')}.`));
  parts.push(traceText(outcome, colors));
  if (wav !== undefined) parts.push(`Listen to it (caller left, assistant right): ${colors.bold(wav)}`);
  if (ok) parts.push(colors.green('The call went as it should.'));
  else
    parts.push([colors.red('The call did not go as it should:'), ...problems.map((what) => `  - ${what}`)].join('\n'));
  return parts.join('\n\n');
}

function latencies({ greetingMs, turns }: CallReport, wordsWidth: number): string {
  const time = (ms: number | undefined): string => (ms === undefined ? '–' : duration(ms));
  const rows = [
    ['greeting, after the answer', time(greetingMs), ''],
    ...turns.map(({ words, pressed, answerMs, interrupts, silenceAfterInterruptionMs }, index) => [
      `turn ${index + 1} ${pressed ? `keys ${words}` : `“${shorten(words, wordsWidth)}”`}`,
      time(answerMs),
      interrupts ? time(silenceAfterInterruptionMs) : '',
    ]),
  ];
  const head = ['', 'first sound after', 'interrupted: silent after'];
  return textTable(head, rows, head.slice(1));
}

function interruptionText({ heardMs, generatedMs, truncatedAtMs, heardWords }: Interruption): string {
  const generated = generatedMs === undefined ? '' : ` of ${Math.round(generatedMs)} ms`;
  const truncated = truncatedAtMs === undefined ? '' : `\nThe model's memory of it was cut at ${truncatedAtMs} ms.`;
  const words = heardWords === undefined ? '' : `: “${heardWords}”`;
  return `When the caller interrupted, they had heard ${Math.round(heardMs)} ms${generated} of the answer${words}.${truncated}`;
}

function toolText({ toolMs }: DemoOutcome): string | undefined {
  return toolMs === undefined
    ? undefined
    : `The table was booked by the restaurant's own system, called as a tool: ${toolMs} ms of the answer to the keys.`;
}

function lossText({ call, loss }: DemoOutcome): string | undefined {
  if (loss?.resumedAfterMs === undefined) return undefined;
  const { lostMs, usualMs } = lossAnswers(call);
  const answered =
    lostMs === undefined
      ? ''
      : `The caller was\nanswered after ${Math.round(lostMs)} ms; the other turns took up to ${Math.round(usualMs)} ms.`;
  return (
    `The connection to the model was lost while the caller spoke. ${loss.resumedAfterMs} ms later the gateway went on in a\n` +
    `session that it keeps ready for this, and had told it all that was said (${loss.toldItems} items). ${answered}`
  );
}

function traceText({ trace, otlp }: DemoOutcome, colors: Colors): string {
  if (trace === undefined) return colors.yellow('The gateway sent no trace of the call.');
  const what = `Trace of the call: ${trace.spans} spans, id ${trace.id}.`;
  if (otlp === undefined) return what;
  return otlp.problem === undefined
    ? `${what} It is at ${otlp.url} too.`
    : `${what}\n${colors.yellow(`It could not be sent on. ${otlp.problem}.`)}`;
}

function costText({ costUsd, live }: DemoOutcome): string | undefined {
  if (costUsd === undefined) return undefined;
  return `The model's part of this call ${live ? 'cost' : 'would cost'} $${costUsd.toFixed(3)} by the prices in PRICES.`;
}
