/** Where the assistant's first words stand. They may be protected from interruption until the caller has heard them. */
export class Greeting {
  private phase: 'none' | 'requested' | 'playing' | 'over' = 'none';
  private responseId: string | undefined;
  private itemHeard = false;

  /** @param isProtected whether speech does not interrupt it. */
  constructor(private readonly isProtected: boolean) {}

  /** Speech does not count as an interruption now. */
  get holdsTheFloor(): boolean {
    return this.isProtected && (this.phase === 'requested' || this.phase === 'playing');
  }

  /** It was asked for and nothing of it has been sent to the caller. */
  get unheard(): boolean {
    return this.phase === 'requested';
  }

  /** It was asked for, or is being said. */
  get underWay(): boolean {
    return this.phase === 'requested' || this.phase === 'playing';
  }

  /** @param heardNow something of what is being played was heard. */
  heard(heardNow: boolean): boolean {
    return this.phase === 'over' || (this.phase === 'playing' && (this.itemHeard || heardNow));
  }

  requested(): void {
    this.phase = 'requested';
  }

  /** Where it stood in another process. @param heard something of it was heard; else it is still to be said. */
  restore(heard: boolean): void {
    this.phase = heard ? 'over' : 'requested';
  }

  responseCreated(responseId: string): void {
    if (this.phase === 'requested') this.responseId ??= responseId;
  }

  /** An item of that response is on its way to the caller. */
  itemStarted(responseId: string | undefined): void {
    // An answer that stood in line behind the greeting: the greeting ends here, and the line was never idle between.
    if (responseId !== this.responseId) this.endIfPlaying();
    else if (this.phase === 'requested') this.phase = 'playing';
  }

  /** An item was heard to its end. */
  heardItem(): void {
    if (this.phase === 'playing') this.itemHeard = true;
  }

  /** It is over when no more of it will come and all that came was heard, in whatever order that is told. */
  endIfHeard(activeResponseId: string | undefined, lineIdle: boolean): void {
    if (this.responseId === undefined || activeResponseId === this.responseId) return;
    if (this.phase !== 'none' && lineIdle) this.phase = 'over';
  }

  interrupted(): void {
    if (this.phase !== 'none') this.phase = 'over';
  }

  /** Its response failed; the next one is another try. */
  failed(): void {
    if (this.phase === 'requested') this.responseId = undefined;
  }

  sessionLost(): void {
    this.responseId = undefined;
    this.endIfPlaying();
  }

  private endIfPlaying(): void {
    if (this.phase === 'playing') this.phase = 'over';
  }
}
