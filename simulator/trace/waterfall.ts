import { shorten } from '../cli/table.js';
import { type Colors } from '../cli/terminal.js';
import { type TraceSpan } from './span.js';
import {
  axisLabel,
  axisStepMs,
  milliseconds,
  type SpanRole,
  type Waterfall,
  waterfallOf,
  type WaterfallRow,
} from './waterfall-rows.js';

export interface WaterfallOptions {
  /** Of the terminal. */
  columns: number;
  colors: Colors;
  /** Id of a span: only that and what is below it. */
  of?: string;
}

const NUMBER_WIDTH = 8;
const MOST_LABEL = 36;
const LEAST_LABEL = 16;
/** Narrower, and bars say nothing. */
const LEAST_BAR = 12;
const MOST_NOTE = 28;
const MARK_APART = 10;

/**
 * The spans of one trace as text: a line each, with its bar on the time axis, its beginning and its length in
 * milliseconds. Where the terminal is too narrow for all of it, notes go first and bars next.
 */
export function waterfallText(spans: readonly TraceSpan[], { columns, colors, of }: WaterfallOptions): string {
  const waterfall = waterfallOf(spans, of);
  const { rows } = waterfall;
  if (rows.length === 0) return colors.dim('no spans');
  const widths = widthsFor(rows, columns);
  const head = [
    ''.padEnd(widths.label),
    ...(widths.bar > 0 ? [axis(waterfall, widths.bar)] : []),
    'at ms'.padStart(NUMBER_WIDTH),
    'ms'.padStart(NUMBER_WIDTH),
  ].join(' ');
  return [colors.dim(head.trimEnd()), ...rows.map((row) => line(row, waterfall, widths, colors))].join('\n');
}

interface Widths {
  label: number;
  bar: number;
  note: number;
}

function widthsFor(rows: readonly WaterfallRow[], columns: number): Widths {
  const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));
  const wanted = Math.min(MOST_LABEL, longest(rows.map(treeLabel)));
  const numbers = 2 * (NUMBER_WIDTH + 1);
  const label = Math.max(LEAST_LABEL, Math.min(wanted, Math.floor(columns * 0.36)));
  const rest = columns - label - numbers - 1;
  if (rest < LEAST_BAR) return { label: Math.max(4, Math.min(wanted, columns - numbers)), bar: 0, note: 0 };
  const note = Math.min(MOST_NOTE, longest(rows.map((row) => row.note)));
  const forNote = rest - note - 2 >= 2 * LEAST_BAR ? note : 0;
  return { label, bar: forNote > 0 ? rest - forNote - 2 : rest, note: forNote };
}

function line(row: WaterfallRow, waterfall: Waterfall, widths: Widths, colors: Colors): string {
  const paint = painter(row, colors);
  const label = shorten(treeLabel(row), widths.label).padEnd(widths.label);
  const numbers = [row.offsetMs, row.durationMs].map((ms) => milliseconds(ms).padStart(NUMBER_WIDTH));
  const note = widths.note > 0 && row.note !== '' ? `  ${paint(shorten(row.note, widths.note))}` : '';
  return [
    row.role === 'turn' || row.depth === 0 ? colors.bold(label) : label,
    ...(widths.bar > 0 ? [bar(row, waterfall.lengthMs, widths.bar, paint)] : []),
    ...numbers,
  ]
    .join(' ')
    .concat(note);
}

function treeLabel({ more, label }: WaterfallRow): string {
  const branches = more.map((follows, level) => {
    if (level === more.length - 1) return follows ? '├ ' : '└ ';
    return follows ? '│ ' : '  ';
  });
  return `${branches.join('')}${label}`;
}

/** A turn is a thin line above what it is made of; what takes less than half a column is a thin mark. */
function bar(row: WaterfallRow, lengthMs: number, width: number, paint: (text: string) => string): string {
  const columnMs = Math.max(lengthMs, 1) / width;
  const from = Math.min(width - 1, Math.floor(row.offsetMs / columnMs));
  const to = Math.min(width, Math.max(from + 1, Math.round((row.offsetMs + row.durationMs) / columnMs)));
  const glyph = row.durationMs < columnMs / 2 ? '▏' : row.role === 'turn' ? '━' : row.role === 'caller' ? '▒' : '█';
  return `${' '.repeat(from)}${paint(glyph.repeat(to - from))}${' '.repeat(width - to)}`;
}

function axis({ lengthMs }: Waterfall, width: number): string {
  const stepMs = axisStepMs(Math.max(lengthMs, 1), width, MARK_APART);
  let text = '';
  for (let ms = 0; ms <= lengthMs; ms += stepMs) {
    const at = Math.floor((ms / Math.max(lengthMs, 1)) * width);
    const mark = `|${axisLabel(ms, stepMs)}`;
    if (at + mark.length <= width) text = text.padEnd(at) + mark;
  }
  return text.padEnd(width);
}

function painter({ role, span }: WaterfallRow, colors: Colors): (text: string) => string {
  if (span.status === 'error') return colors.red;
  const paints: Record<SpanRole, (text: string) => string> = {
    'set-up': colors.blue,
    turn: colors.bold,
    caller: colors.cyan,
    model: colors.magenta,
    tool: colors.yellow,
    playout: colors.green,
    trouble: colors.yellow,
    summary: colors.blue,
  };
  return paints[role];
}
