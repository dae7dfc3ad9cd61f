import { type CallerEvent } from '../caller/index.js';
import { type PlacedCall } from './place-calls.js';
import { duration, type Terminal } from './terminal.js';

/** What a caller's event is called, for a line. */
export function describeEvent(event: CallerEvent): string | undefined {
  switch (event.kind) {
    case 'answered':
      return 'answered';
    case 'caller-speaks':
      return `${event.interrupts ? 'interrupts' : 'says'}: “${event.words}”`;
    case 'assistant-speaks':
      return 'the assistant speaks';
    case 'assistant-finished':
      return 'the assistant is silent';
    case 'pressed':
      return `presses ${event.digits}`;
    case 'hung-up':
      return event.by === 'caller' ? 'hangs up' : 'the gateway hung up';
    case 'problem':
      return event.what;
    case 'caller-finished':
      return undefined;
  }
}

/** Above this, finished calls are counted, not listed. */
const LISTED_CALLS = 20;
const STATUS_EVERY_MS = 100;

/** Says on stderr how the calls go: one call event by event, several by their ends, many as a count. */
export class Progress {
  private readonly live = new Set<number>();
  private done = 0;
  private failed = 0;
  private shownAtMs = -Infinity;

  constructor(
    private readonly terminal: Terminal,
    private readonly calls: number,
  ) {}

  event(number: number, event: CallerEvent): void {
    if (event.kind === 'answered') this.live.add(number);
    if (this.calls > 1) {
      this.status();
      return;
    }
    const text = describeEvent(event);
    const { dim, red } = this.terminal.errColors;
    if (text !== undefined) {
      const line = `${dim(seconds(event.atMs))}  ${event.kind === 'problem' ? red(text) : text}\n`;
      this.terminal.err.write(line);
    }
  }

  finished({ number, call, report, problems }: PlacedCall): void {
    this.live.delete(number);
    this.done++;
    const { err, errColors } = this.terminal;
    const failed = problems.length > 0;
    if (failed) this.failed++;
    if (this.calls === 1) return;
    if (this.calls <= LISTED_CALLS || failed) {
      this.clearStatus();
      const verdict = failed ? errColors.red('failed') : errColors.green('ok');
      const what = failed ? `: ${problems[0]}` : ` in ${duration(report.durationMs)}`;
      err.write(`call ${number} (${call.from}) ${verdict}${what}\n`);
    } else if (!err.isTTY && this.done % Math.ceil(this.calls / 10) === 0) {
      err.write(`${this.counts()}\n`);
    }
    this.status(true);
  }

  /** Takes the line that is rewritten away. */
  close(): void {
    this.clearStatus();
  }

  private status(now = false): void {
    const { err } = this.terminal;
    if (!err.isTTY || (!now && performance.now() - this.shownAtMs < STATUS_EVERY_MS)) return;
    this.shownAtMs = performance.now();
    err.write(`\r\x1b[K${this.counts()}`);
  }

  private counts(): string {
    return `${this.done} of ${this.calls} calls over, ${this.live.size} live, ${this.failed} failed`;
  }

  private clearStatus(): void {
    if (this.terminal.err.isTTY && this.calls > 1) this.terminal.err.write('\r\x1b[K');
  }
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(6)} s`;
}
