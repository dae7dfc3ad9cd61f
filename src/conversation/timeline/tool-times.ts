import { type TurnTool } from '../observer.port.js';
import { type OpenTurn } from './open-turn.js';

interface RunningTool extends Pick<TurnTool, 'toolCallId' | 'name' | 'kind' | 'startedAtMs' | 'words'> {
  /** The turn in which it began; undefined where none was under way. */
  turn: OpenTurn | undefined;
}

/** @returns the turn that a tool belongs to which ends now; undefined: there is none. */
type Home = (begunIn: OpenTurn | undefined) => OpenTurn | undefined;

/** A tool whose result nobody waits for any more: the call is over, or went on elsewhere. */
const ABANDONED = 'abandoned';

/** Tools that run, and those that have ended while no turn was under way. */
export class ToolTimes {
  private readonly running = new Map<string, RunningTool>();
  private unclaimed: TurnTool[] = [];

  /** A tool has ended that no turn has. */
  get anyUnclaimed(): boolean {
    return this.unclaimed.length > 0;
  }

  begun(tool: RunningTool): void {
    this.running.set(tool.toolCallId, tool);
  }

  /** @param home the turn that it belongs to, when it began in this one. */
  done(toolCallId: string, error: string | undefined, home: Home, atMs: number): void {
    const tool = this.running.get(toolCallId);
    if (!tool) return;
    this.running.delete(toolCallId);
    const { turn, ...facts } = tool;
    const own = home(turn);
    const late = own === undefined || own !== turn;
    (own?.tools ?? this.unclaimed).push({ ...facts, endedAtMs: atMs, error, late });
  }

  /** What ended while no turn was under way belongs to this one, which comes after it. */
  claim(turn: OpenTurn): void {
    turn.tools.push(...this.unclaimed);
    this.unclaimed = [];
  }

  /** Nobody waits for what still runs. @param of only for what began in this turn; undefined: for anything. */
  abandon(of: OpenTurn | undefined, home: Home, atMs: number): void {
    for (const [toolCallId, { turn }] of this.running) {
      if (!of || turn === of) this.done(toolCallId, ABANDONED, home, atMs);
    }
  }
}
