import { type Clock } from '../common/clock.js';
import { type ModelListener, type ModelSession, type ResponseOutcome, type TranscriptionUsage } from './model.port.js';
import { type Ledger } from './record/ledger.js';
import { type Transcript } from './record/transcript.js';

/** After the hang-up: what the caller said last is still written down. Nothing else that the session tells matters. */
export class LastWords implements ModelListener {
  private over: () => void = () => undefined;

  /** @param turnOpen when they hung up, the model did not have their last words yet; nor, perhaps, had these an end. */
  constructor(
    private readonly clock: Clock,
    private readonly session: ModelSession,
    private readonly parts: { transcript: Transcript; ledger: Ledger },
    private turnOpen: 'speaking' | 'ending' | undefined,
  ) {}

  /** Resolves when everything is written down, the session is gone, or time is up; the session is closed then. */
  async arrive(withinMs: number): Promise<void> {
    if (withinMs > 0 && this.session.alive && !this.complete) {
      this.session.listen(this);
      this.session.finishListening(this.turnOpen === 'speaking');
      await new Promise<void>((resolve) => {
        const timer = this.clock.after(withinMs, resolve);
        this.over = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.session.close();
  }

  speechStarted(): void {
    this.turnOpen = 'speaking';
  }

  speechStopped(): void {
    // The turn is committed right after this.
  }

  turnCommitted(itemId: string): void {
    this.turnOpen = undefined;
    this.parts.transcript.callerTurn(itemId);
  }

  callerTranscript(itemId: string, text: string, usage: TranscriptionUsage | undefined): void {
    this.parts.transcript.callerWords(itemId, text);
    if (usage) this.parts.ledger.transcription(usage);
    this.check();
  }

  callerTranscriptFailed(itemId: string): void {
    this.parts.transcript.callerUnwritten(itemId);
    this.check();
  }

  responseDone({ usage, costUsd }: ResponseOutcome): void {
    // A response that was cut off by the hang-up is charged all the same.
    if (usage) this.parts.ledger.response(usage, costUsd);
  }

  lost(): void {
    this.over();
  }

  responseCreated(): void {}
  audio(): void {}
  audioDone(): void {}
  assistantTranscript(): void {}
  toolCalled(): void {}
  remoteToolBegun(): void {}
  remoteToolDone(): void {}
  refused(): void {}

  private get complete(): boolean {
    return this.turnOpen === undefined && !this.parts.transcript.unwritten;
  }

  private check(): void {
    if (this.complete) this.over();
  }
}
