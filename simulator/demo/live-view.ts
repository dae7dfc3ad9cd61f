import { type Terminal } from '../cli/terminal.js';
import { type DemoEvent } from './demo-event.js';
import { type CallLevels, type DemoView, eventLine, LANE_WIDTH } from './view.js';

const DRAW_EVERY_MS = 100;
/** Audio in one column. */
const COLUMN_MS = 500;
/** The newest audio may still be on its way into the recording. */
const SETTLED_MS = 100;
/** Time, two gaps and the lane's name stand before the text of a line. */
const MARGIN = 8 + 2 + LANE_WIDTH + 2;
/** The lanes begin further left, so that the whole demo fits beside their names in 80 columns. */
const LANES_MARGIN = LANE_WIDTH + 2;
const LEAST_COLUMNS = 10;
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_TO_END = '\x1b[J';

const BLOCKS = ' ▁▂▃▄▅▆▇█';
/** Speech is at about -20 dBFS, mu-law silence far below -50. */
const QUIETEST_DBFS = -50;
const LOUDEST_DBFS = -16;

/** A level as one of eight blocks; a space for quiet. */
export function levelBlock(dbfs: number): string {
  const share = (dbfs - QUIETEST_DBFS) / (LOUDEST_DBFS - QUIETEST_DBFS);
  return BLOCKS[Math.max(0, Math.min(8, Math.ceil(share * 8)))] ?? ' ';
}

/** Breaks a text at spaces into lines of at most `width` characters (a longer word keeps its own line). */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** The two lanes of a call, column by column, with a time axis: the last `columns` half seconds of it. */
export function drawLanes(levels: CallLevels, columns: number): { caller: string; assistant: string; axis: string } {
  const nowMs = Number.isNaN(levels.elapsedMs) ? 0 : levels.elapsedMs;
  const count = Math.floor(Math.max(0, nowMs - SETTLED_MS) / COLUMN_MS);
  const first = Math.max(0, count - columns);
  const lane = (who: 'caller' | 'assistant'): string => {
    let blocks = '';
    for (let i = first; i < count; i++) blocks += levelBlock(levels.level(who, i * COLUMN_MS, (i + 1) * COLUMN_MS));
    return blocks;
  };
  let axis = '';
  const everyColumns = 5000 / COLUMN_MS;
  for (let i = first; i < first + columns; i++) {
    if (axis.length > i - first) continue;
    const label = `|${(i * COLUMN_MS) / 1000} s`;
    axis += i % everyColumns === 0 && axis.length + label.length <= columns ? label : ' ';
  }
  return { caller: lane('caller'), assistant: lane('assistant'), axis };
}

/** For a terminal: events scroll by above two lanes of sound that grow with the call. */
export class LiveView implements DemoView {
  private levels: CallLevels | undefined;
  private drawing: NodeJS.Timeout | undefined;
  private footerLines = 0;

  constructor(private readonly terminal: Terminal) {}

  note(text: string): void {
    this.above(text);
  }

  show(event: DemoEvent): void {
    const [first = '', ...rest] = wrap(event.text, Math.max(20, this.columns - MARGIN));
    const lines = [first, ...rest.map((line) => `${' '.repeat(MARGIN)}${line}`)];
    this.above(eventLine({ ...event, text: lines.join('\n') }, this.terminal));
  }

  begin(levels: CallLevels): void {
    this.levels = levels;
    this.terminal.out.write(HIDE_CURSOR);
    this.drawing = setInterval(() => this.above(), DRAW_EVERY_MS);
  }

  /** Leaves the lanes as they are and gives the cursor back. */
  close(): void {
    clearInterval(this.drawing);
    if (this.levels === undefined) return;
    this.above();
    this.levels = undefined;
    this.footerLines = 0;
    this.terminal.out.write(SHOW_CURSOR);
  }

  private get columns(): number {
    // One is left free: a character in the last column makes some terminals wrap.
    return (this.terminal.out.columns || 80) - 1;
  }

  /** Writes lines (or nothing) and the lanes anew below them, in one go so that nothing flickers. */
  private above(text?: string): void {
    const back = this.footerLines > 0 ? `\r\x1b[${this.footerLines}A${CLEAR_TO_END}` : '';
    const footer = this.footer();
    this.footerLines = footer.length;
    this.terminal.out.write(
      `${back}${[...(text === undefined ? [] : [text]), ...footer].map((line) => `${line}\n`).join('')}`,
    );
  }

  private footer(): string[] {
    if (this.levels === undefined) return [];
    const { dim, cyan, green } = this.terminal.outColors;
    const columns = Math.max(LEAST_COLUMNS, this.columns - LANES_MARGIN);
    const { caller, assistant, axis } = drawLanes(this.levels, columns);
    const label = (name: string): string => name.padEnd(LANES_MARGIN);
    return [
      '',
      `${label('caller')}${cyan(caller)}`,
      `${label('assistant')}${green(assistant)}`,
      dim(`${label('')}${axis.trimEnd()}`),
    ];
  }
}
