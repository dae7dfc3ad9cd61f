import Table from 'cli-table3';
import { type ComparedFigure, type Comparison, type FigureName, FIGURES } from './comparison.js';

function number(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const size = Math.abs(value);
  return value.toFixed(size >= 100 || value === Math.round(value) ? 0 : size >= 10 ? 1 : 2);
}

function goalOf(name: FigureName): { ratio: number } | { most: number } | undefined {
  const figure = FIGURES[name];
  return 'goal' in figure ? figure.goal : undefined;
}

/** The goal in words. */
export function goalText(name: FigureName): string {
  const goal = goalOf(name);
  if (goal === undefined) return '';
  return 'ratio' in goal ? `≤ ×${goal.ratio}` : `≤ ${goal.most}`;
}

/** Whether Parley meets the goal; undefined: there is none, or nothing was measured. */
export function goalMet(name: FigureName, figure: ComparedFigure): boolean | undefined {
  const goal = goalOf(name);
  if (goal === undefined) return undefined;
  const value = 'ratio' in goal ? figure.ratio : figure.parley;
  return Number.isFinite(value) ? value <= ('ratio' in goal ? goal.ratio : goal.most) : undefined;
}

/** "bare → parley", the ratio with its spread where it says something, and a cross where the goal was missed. */
export function cellText(name: FigureName, figure: ComparedFigure): string {
  let text = `${number(figure.bare)} → ${number(figure.parley)}`;
  if (FIGURES[name].ratio && Number.isFinite(figure.ratio))
    text += `  ×${figure.ratio.toFixed(2)} (${figure.ratioFrom.toFixed(2)}–${figure.ratioTo.toFixed(2)})`;
  return goalMet(name, figure) === false ? `${text} ✗` : text;
}

const PROFILE_TEXT = {
  frames: 'frame for frame (20 ms of speech every 20 ms)',
  bursts: 'answers in bursts of 100 to 400 ms, five times faster than real time',
};

/** One table per kind of model audio and transport, a column per number of calls. */
export function renderTables(comparisons: readonly Comparison[]): string {
  const kinds = new Map<string, Comparison[]>();
  for (const comparison of comparisons) {
    const title = `${PROFILE_TEXT[comparison.profile]}, model socket ${comparison.tls ? 'over TLS' : 'plain'}`;
    kinds.set(title, [...(kinds.get(title) ?? []), comparison]);
  }
  return [...kinds].map(([title, columns]) => `${title}\n${renderTable(columns)}`).join('\n\n');
}

function renderTable(columns: readonly Comparison[]): string {
  const table = new Table({
    head: ['bare → Parley  ×ratio (spread)', 'goal', ...columns.map(({ calls }) => `${calls} calls`)],
    style: { head: [], border: [] },
    // No lines between the rows.
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  for (const name of Object.keys(FIGURES) as FigureName[])
    table.push([FIGURES[name].label, goalText(name), ...columns.map(({ figures }) => cellText(name, figures[name]))]);
  table.push([
    'pairs counted (dropped)',
    '',
    ...columns.map(({ pairsCounted, pairsDropped }) => `${pairsCounted} (${pairsDropped})`),
  ]);
  return table.toString();
}
