import { type ClusterReport } from '../cluster/scenario/report.js';
import { type Spread } from './call-summary.js';
import { textTable } from './table.js';
import { type Colors, duration } from './terminal.js';

/** What is told of each scenario. */
const GAP_TEXT = {
  kill: 'silence after the kill',
  drain: 'longest wait for an answer, since SIGTERM',
  rollout: 'longest wait for an answer, since the first SIGTERM',
  redis: 'longest wait for an answer, since Redis was stopped',
} as const;
const RESUMED_TEXT = {
  kill: 'from the kill to resumed speech',
  drain: 'from SIGTERM to the media stream on another pod',
  rollout: '',
  redis: '',
} as const;

/** The report for people. */
export function clusterReportText(report: ClusterReport, { green, red }: Colors): string {
  const { scenario, lost, commands, problems, callsKept, callsLost } = report;
  const asTime = (spread: Spread | undefined): string[] => cells(spread, duration);
  const rows = [
    [GAP_TEXT[scenario], ...asTime(report.gapMs)],
    ['usual wait for an answer', ...asTime(report.usualWaitMs)],
    ...(report.resumedMs ? [[RESUMED_TEXT[scenario], ...asTime(report.resumedMs)]] : []),
    ...(report.streamGapMs ? [['between two media streams', ...asTime(report.streamGapMs)]] : []),
    ['moves of a call', ...cells(report.moves, String)],
  ];
  const head = ['', 'count', 'p50', 'p95', 'max'];
  const asked = Object.entries(commands).map(([action, count]) => `${action} ${count}`);
  const lines = [
    textTable(head, rows, head.slice(1)),
    '',
    `words lost: ${lost.answers} answers and ${lost.turns} turns that the new session was not told of, ` +
      `${lost.unanswered} turns without an answer`,
    `asked of Telnyx: ${asked.join(', ') || 'nothing'}${commands['hangup'] === undefined ? ', hangup 0' : ''}`,
    ...problems.map((what) => `${red('problem')}: ${what}`),
    '',
    (report.ok ? green : red)(`${callsKept} of ${callsKept + callsLost} calls kept`),
  ];
  return `${lines.join('\n')}\n`;
}

function cells(spread: Spread | undefined, text: (value: number) => string): string[] {
  return spread ? [String(spread.count), ...[spread.p50, spread.p95, spread.max].map(text)] : ['0', '–', '–', '–'];
}
