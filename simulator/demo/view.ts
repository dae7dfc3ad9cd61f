import { type Terminal } from '../cli/terminal.js';
import { type DemoEvent, type Lane } from './demo-event.js';

/** Shows a call while it goes on. */
export interface DemoView {
  /** Something before or beside the call. */
  note(text: string): void;
  show(event: DemoEvent): void;
  /** From now on there are levels to show. */
  begin(levels: CallLevels): void;
  close(): void;
}

/** How loud the two ends of the call were; times since the answer. */
export interface CallLevels {
  readonly elapsedMs: number;
  /** In dBFS. */
  level(who: 'caller' | 'assistant', fromMs: number, toMs: number): number;
}

export const LANE_WIDTH = 9;

/** A line of the demo: time, lane, text. */
export function eventLine({ atMs, lane, text, tone }: DemoEvent, { outColors: colors }: Terminal): string {
  const laneColors: Record<Lane, (text: string) => string> = {
    telnyx: colors.dim,
    gateway: colors.blue,
    model: colors.magenta,
    tool: colors.yellow,
    caller: colors.cyan,
    assistant: colors.green,
  };
  const tones = {
    speech: laneColors[lane],
    mark: (words: string) => colors.bold(colors.yellow(words)),
    warning: colors.yellow,
    problem: colors.red,
    none: lane === 'telnyx' ? colors.dim : (words: string) => words,
  };
  const time = `${(Math.max(0, atMs) / 1000).toFixed(2).padStart(6)} s`;
  return `${colors.dim(time)}  ${laneColors[lane](lane.padEnd(LANE_WIDTH))}  ${tones[tone ?? 'none'](text)}`;
}

/** Plain lines, for pipes and logs. */
export class PlainView implements DemoView {
  constructor(private readonly terminal: Terminal) {}

  note(text: string): void {
    this.terminal.out.write(`${text}\n`);
  }

  show(event: DemoEvent): void {
    this.terminal.out.write(`${eventLine(event, this.terminal)}\n`);
  }

  begin(): void {
    // Levels are for people who watch.
  }

  close(): void {
    // Nothing to put away.
  }
}

/** Says nothing. */
export const QUIET_VIEW: DemoView = {
  note: () => undefined,
  show: () => undefined,
  begin: () => undefined,
  close: () => undefined,
};
