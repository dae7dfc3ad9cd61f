import { type CallReport } from '../caller/index.js';
import { shorten, textTable } from '../cli/table.js';
import { duration, type Colors } from '../cli/terminal.js';
import { type Interruption } from './interruption.js';

/** What the demo came to; `--json` writes it as it is. Times in ms, those of the call since its answer. */
export interface DemoOutcome {
  ok: boolean;
  problems: string[];
  live: boolean;
  /** Command to the first word of the demo: both doubles and the gateway up. */
  startUpMs: number;
  call: CallReport;
  interruption: Interruption | undefined;
  /** Of each turn: the model noticed its end, until its answer went out, as the gateway logs it. */
  gatewayAnsweredAfterMs: number[];
  /** The recording's path. */
  wav: string | undefined;
}

/** What the table needs beside the caller's words. */
const FIGURES_WIDTH = 58;

/** What the double waits by design, so that nobody takes it for the gateway's time. */
const DOUBLE_NOTE =
  'Of each answer, 500 ms are the silence by which the model notices the end of a turn (VAD_SILENCE_MS), and 300 ms the\n' +
  "simulated model's thinking.";
const LIVE_NOTE =
  'Of each answer, 500 ms are the silence by which the model notices the end of a turn (VAD_SILENCE_MS); most of the rest\n' +
  'is the model and the way to it.';

/** The same for programs; tenths of a millisecond are noise. */
export function outcomeJson(outcome: DemoOutcome): string {
  const rounded = (_key: string, value: unknown): unknown => (typeof value === 'number' ? Math.round(value) : value);
  return `${JSON.stringify(outcome, rounded, 2)}\n`;
}

/** The end of the demo in words: latencies, the interruption, the recording, the verdict. @param columns of the terminal */
export function outcomeText(outcome: DemoOutcome, colors: Colors, columns = 120): string {
  const { call, interruption, problems, ok, live, wav } = outcome;
  const parts: string[] = [];
  if (call.endedBy !== 'never answered') {
    parts.push(latencies(call, Math.max(20, columns - FIGURES_WIDTH)));
    parts.push(colors.dim(live ? LIVE_NOTE : DOUBLE_NOTE));
  }
  if (interruption !== undefined) parts.push(interruptionText(interruption));
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
    ...turns.map(({ words, answerMs, interrupts, silenceAfterInterruptionMs }, index) => [
      `turn ${index + 1} “${shorten(words, wordsWidth)}”`,
      time(answerMs),
      interrupts ? time(silenceAfterInterruptionMs) : '',
    ]),
  ];
  const head = ['', 'first sound after', 'interrupted: silent after'];
  return textTable(head, rows, head.slice(1));
}

function interruptionText({ heardMs, generatedMs, truncatedAtMs, heardWords }: Interruption): string {
  const generated = generatedMs === undefined ? '' : ` of ${Math.round(generatedMs)} ms`;
  const truncated = truncatedAtMs === undefined ? '' : ` The model's memory of it was cut at ${truncatedAtMs} ms.`;
  const words = heardWords === undefined ? '' : `: “${heardWords}”`;
  return `When the caller interrupted, they had heard ${Math.round(heardMs)} ms${generated} of the answer${words}.${truncated}`;
}
