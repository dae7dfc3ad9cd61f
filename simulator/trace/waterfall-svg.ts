import { shorten } from '../cli/table.js';
import { type TraceSpan } from './span.js';
import {
  axisLabel,
  axisStepMs,
  milliseconds,
  type SpanRole,
  waterfallOf,
  type WaterfallRow,
} from './waterfall-rows.js';

export interface SvgOptions {
  title: string;
  /** Id of a span: only that and what is below it. */
  of?: string;
}

const WIDTH = 1040;
const LABEL_WIDTH = 290;
const NUMBERS_WIDTH = 132;
const BAR_WIDTH = WIDTH - LABEL_WIDTH - NUMBERS_WIDTH;
const ROW_HEIGHT = 20;
const HEAD_HEIGHT = 62;
const BAR_HEIGHT = 12;
const INDENT = 14;
/** Thinner bars cannot be seen. */
const LEAST_BAR = 2;
const CHARACTER_WIDTH = 6.7;

/** Readable on white, which the picture brings along, so that it can stand on a dark page too. */
const FILLS: Record<SpanRole, string> = {
  'set-up': '#5b7fbf',
  turn: '#3c4452',
  caller: '#2aa3b5',
  model: '#9a55c4',
  tool: '#d19a17',
  playout: '#3f9b57',
  trouble: '#d1711a',
  summary: '#5b7fbf',
};
const ERROR_FILL = '#cc3333';

/** The same waterfall as `waterfallText`, as a picture of its own: SVG without scripts, fonts or links. */
export function waterfallSvg(spans: readonly TraceSpan[], { title, of }: SvgOptions): string {
  const { rows, lengthMs } = waterfallOf(spans, of);
  const height = HEAD_HEIGHT + rows.length * ROW_HEIGHT + 12;
  const scale = BAR_WIDTH / Math.max(lengthMs, 1);
  const font = 'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="11"';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" ${font}>`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" rx="6" fill="#ffffff"/>`,
    `<text x="12" y="22" font-size="13" font-weight="bold" fill="#1d2330">${escaped(title)}</text>`,
    ...grid(lengthMs, scale, height),
    ...[['at ms', WIDTH - 70] as const, ['ms', WIDTH - 12] as const].map(
      ([text, x]) => `<text x="${x}" y="${HEAD_HEIGHT - 14}" text-anchor="end" fill="#7a8496">${text}</text>`,
    ),
    ...rows.flatMap((row, index) => rowShapes(row, HEAD_HEIGHT + index * ROW_HEIGHT, scale)),
    '</svg>',
    '',
  ].join('\n');
}

function grid(lengthMs: number, scale: number, height: number): string[] {
  const stepMs = axisStepMs(Math.max(lengthMs, 1), BAR_WIDTH, 70);
  const shapes: string[] = [];
  for (let ms = 0; ms <= lengthMs; ms += stepMs) {
    const x = round(LABEL_WIDTH + ms * scale);
    shapes.push(
      `<line x1="${x}" y1="${HEAD_HEIGHT - 8}" x2="${x}" y2="${height - 8}" stroke="#e4e8ef"/>`,
      `<text x="${x}" y="${HEAD_HEIGHT - 14}" fill="#7a8496">${axisLabel(ms, stepMs)}</text>`,
    );
  }
  return shapes;
}

function rowShapes(row: WaterfallRow, top: number, scale: number): string[] {
  const { role, span } = row;
  const fill = span.status === 'error' ? ERROR_FILL : FILLS[role];
  const x = round(LABEL_WIDTH + row.offsetMs * scale);
  const width = round(Math.max(LEAST_BAR, row.durationMs * scale));
  const thin = role === 'turn';
  const height = thin ? 4 : BAR_HEIGHT;
  const y = top + (ROW_HEIGHT - height) / 2;
  const baseline = top + 14;
  const labelX = 12 + row.depth * INDENT;
  const weight = thin || row.depth === 0 ? ' font-weight="bold"' : '';
  const text = (at: number, words: string, more = ''): string =>
    `<text x="${round(at)}" y="${baseline}" fill="#1d2330"${more}>${escaped(words)}</text>`;
  return [
    ...(thin ? [`<rect x="0" y="${top}" width="${WIDTH}" height="${ROW_HEIGHT}" fill="#f3f5f9"/>`] : []),
    text(labelX, shorten(row.label, Math.floor((LABEL_WIDTH - labelX - 6) / CHARACTER_WIDTH)), weight),
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="2" fill="${fill}"><title>${escaped(`${row.label}: ${milliseconds(row.durationMs)} ms`)}</title></rect>`,
    text(WIDTH - 70, milliseconds(row.offsetMs), ' text-anchor="end"'),
    text(WIDTH - 12, milliseconds(row.durationMs), ' text-anchor="end"'),
    ...(row.note === '' ? [] : [note(row.note, x, x + width, baseline, fill)]),
  ];
}

/** Behind its bar, or before it where there is no room. */
function note(words: string, from: number, to: number, y: number, fill: string): string {
  const fits = to + 6 + words.length * CHARACTER_WIDTH <= LABEL_WIDTH + BAR_WIDTH;
  const place = fits ? `x="${round(to + 6)}"` : `x="${round(from - 6)}" text-anchor="end"`;
  return `<text ${place} y="${y}" fill="${fill}">${escaped(words)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
