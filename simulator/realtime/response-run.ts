import { type LadderStep, type ResponseLadder } from './response-ladder.js';
import { type Timers } from './timers.js';
import { type ServerEvent, type WireError } from './wire-types.js';

const ARGUMENTS: ReadonlySet<string> = new Set([
  'response.function_call_arguments.delta',
  'response.mcp_call_arguments.delta',
]);
/** The transcript's deltas are not among them: they belong to audio that is yet to come. */
const CONTENT: ReadonlySet<string> = new Set([
  ...ARGUMENTS,
  'response.output_audio.delta',
  'response.output_text.delta',
]);

/** How a response ended. */
export type Outcome =
  | { status: 'completed' }
  | { status: 'cancelled'; reason: 'turn_detected' | 'client_cancelled' }
  | { status: 'incomplete'; reason: 'max_output_tokens' | 'content_filter' }
  | { status: 'failed'; error: WireError };

export interface RunOptions {
  ladder: ResponseLadder;
  timers: Timers;
  responseDelayMs: number;
  deliveryRatio: number;
  /** Pause after each delta of a call's arguments. */
  argumentsDeltaDelayMs: number;
  /** `audioMs` is the playing time of the audio in the event. */
  send: (event: ServerEvent, audioMs: number) => void;
  /** Asked after each delta of audio, text or arguments, with the audio sent so far; a value ends the response there. */
  endsEarly: (sentAudioMs: number) => Outcome | undefined;
  onFirstContent: () => void;
  onEnd: (outcome: Outcome) => void;
}

/**
 * Sends a ladder at the service's pace: nothing for `responseDelayMs`, then audio `deliveryRatio` times as fast as it
 * plays. Deadlines are counted from the first content, so that late timers do not add up.
 */
export class ResponseRun {
  readonly #options: RunOptions;
  #sentAudioMs = 0;
  #firstContentAt: number | undefined;
  /** Time that went into pauses between arguments and into calls of MCP, by which the audio is late. */
  #pausedMs = 0;
  #forgetTimer: (() => void) | undefined;
  #ended = false;

  constructor(options: RunOptions) {
    this.#options = options;
  }

  /** Playing time of the audio that was sent. */
  get sentAudioMs(): number {
    return this.#sentAudioMs;
  }

  get firstContentAt(): number | undefined {
    return this.#firstContentAt;
  }

  start(): void {
    this.#wait(this.#options.responseDelayMs);
  }

  /** Ends the response now; `lateDeltas` more audio deltas go out first, as if they had been on their way. */
  end(outcome: Outcome, lateDeltas = 0): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#forgetTimer?.();
    const { ladder, send, onEnd } = this.#options;
    let late = this.#firstContentAt === undefined ? lateDeltas : 0;
    while (late < lateDeltas) {
      const step = ladder.next();
      if (!step) break;
      send(step.event, step.audioMs);
      void step.run?.();
      if (step.audioMs > 0 || step.event.type === 'response.output_text.delta') late++;
    }
    for (const event of ladder.closeOut()) send(event, 0);
    onEnd(outcome);
  }

  #wait(delayMs: number): void {
    this.#forgetTimer = this.#options.timers.after(delayMs, () => this.#pump());
  }

  #pump(): void {
    if (this.#firstContentAt === undefined) {
      this.#firstContentAt = performance.now();
      this.#options.onFirstContent();
    }
    while (!this.#ended) {
      const step = this.#options.ladder.next();
      if (!step) return this.end({ status: 'completed' });
      if (this.#deliver(step)) return;
    }
  }

  /** True when the next step has to wait for its time. */
  #deliver(step: LadderStep): boolean {
    this.#options.send(step.event, step.audioMs);
    const held = step.run?.();
    if (held) return this.#hold(held);
    if (!CONTENT.has(step.event.type)) return false;
    this.#sentAudioMs += step.audioMs;
    const outcome = this.#options.endsEarly(this.#sentAudioMs);
    if (outcome) {
      this.end(outcome);
      return true;
    }
    if (step.audioMs === 0) return ARGUMENTS.has(step.event.type) && this.#pause();
    const dueAt = (this.#firstContentAt ?? 0) + this.#pausedMs + this.#sentAudioMs / this.#options.deliveryRatio;
    const delayMs = dueAt - performance.now();
    if (delayMs < 1) return false;
    this.#wait(delayMs);
    return true;
  }

  #hold(until: Promise<void>): boolean {
    const heldAt = performance.now();
    void until.then(() => {
      this.#pausedMs += performance.now() - heldAt;
      this.#pump();
    });
    return true;
  }

  #pause(): boolean {
    const { argumentsDeltaDelayMs } = this.#options;
    if (argumentsDeltaDelayMs === 0) return false;
    this.#pausedMs += argumentsDeltaDelayMs;
    this.#wait(argumentsDeltaDelayMs);
    return true;
  }
}
