import { type TurnReport } from '../caller/index.js';
import { type PlacedCall } from './place-calls.js';
import { shorten, textTable } from './table.js';
import { duration } from './terminal.js';

/** How long something took, over all calls, in ms. */
export interface Spread {
  count: number;
  p50: number;
  p95: number;
  max: number;
}

/** Nearest-rank percentiles; undefined for nothing measured. */
export function spreadOf(values: readonly (number | undefined)[]): Spread | undefined {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0);
  return sorted.length === 0 ? undefined : { count: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) };
}

/** What `--json` writes. Times in ms; those of a call are on its own clock, which starts with the answer. */
export interface CallsJson {
  ok: boolean;
  calls: {
    number: number;
    ok: boolean;
    from: string;
    callControlId: string;
    endedBy: string;
    durationMs: number;
    greetingMs: number | undefined;
    turns: TurnReport[];
    problems: string[];
    recording: string | undefined;
  }[];
  latency: { greeting: Spread | undefined; answer: Spread | undefined; interruption: Spread | undefined };
  /** Worst lateness of this program in sending a media frame: beyond some 50 ms the latencies are not to be believed. */
  generatorLateMs: number;
}

export function callsJson(
  placed: readonly PlacedCall[],
  generatorLateMs: number,
  recordings: ReadonlyMap<number, string> = new Map(),
): CallsJson {
  const turns = placed.flatMap(({ report }) => report.turns);
  return {
    ok: placed.length > 0 && placed.every(({ problems }) => problems.length === 0),
    calls: placed.map(({ number, call, report, problems }) => ({
      number,
      ok: problems.length === 0,
      from: call.from,
      callControlId: call.callControlId,
      endedBy: report.endedBy,
      durationMs: Math.round(report.durationMs),
      greetingMs: report.greetingMs,
      turns: report.turns.map(inWholeMs),
      problems,
      recording: recordings.get(number),
    })),
    latency: {
      greeting: spreadOf(placed.map(({ report }) => report.greetingMs)),
      answer: spreadOf(turns.map(({ answerMs }) => answerMs)),
      interruption: spreadOf(
        turns.filter(({ interrupts }) => interrupts).map((turn) => turn.silenceAfterInterruptionMs),
      ),
    },
    generatorLateMs: Math.round(generatorLateMs),
  };
}

/** Tenths of a millisecond are noise. */
function inWholeMs(turn: TurnReport): TurnReport {
  const whole = Object.entries(turn).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'number' ? Math.round(value) : value,
  ]);
  return Object.fromEntries(whole) as TurnReport;
}

const WORDS_WIDTH = 60;

/** The latencies as a table: one row for the greeting and one for each turn, over all calls. */
export function latencyTable(placed: readonly PlacedCall[]): string {
  const many = placed.length > 1;
  const interrupted = placed.some(({ report }) => report.turns.some(({ interrupts }) => interrupts));
  const head = [
    ...(many ? ['', 'answered', 'p50', 'p95', 'max'] : ['', 'first sound after']),
    ...(interrupted ? (many ? ['silent after: p50', 'longest'] : ['interrupted: silent after']) : []),
  ];
  const cells = (values: (number | undefined)[]): string[] => {
    const spread = spreadOf(values);
    if (!many) return [spread ? duration(spread.max) : '–'];
    const figures = spread ? [spread.p50, spread.p95, spread.max].map(duration) : ['–', '–', '–'];
    return [`${spread?.count ?? 0} of ${values.length}`, ...figures];
  };
  const silence = (turns: TurnReport[]): string[] => {
    if (!interrupted) return [];
    const spread = spreadOf(
      turns.filter(({ interrupts }) => interrupts).map((turn) => turn.silenceAfterInterruptionMs),
    );
    if (!many) return [spread ? duration(spread.max) : ''];
    return spread ? [duration(spread.p50), duration(spread.max)] : ['', ''];
  };
  const rows = [['greeting', ...cells(placed.map(({ report }) => report.greetingMs)), ...silence([])]];
  const turnCount = Math.max(0, ...placed.map(({ report }) => report.turns.length));
  for (let index = 0; index < turnCount; index++) {
    const turns = placed.map(({ report }) => report.turns[index]).filter((turn) => turn !== undefined);
    const [{ words, pressed } = { words: '', pressed: undefined }] = turns;
    const label = `${index + 1}. ${pressed ? `keys ${words}` : `“${shorten(words, WORDS_WIDTH)}”`}`;
    rows.push([label, ...cells(turns.map(({ answerMs }) => answerMs)), ...silence(turns)]);
  }
  return textTable(head, rows, head.slice(1));
}
