/** The tool calls of one response: the model is asked for an answer once, when it is over and all have their output. */
export class AnswerGroup {
  /** At least one output calls for an answer. */
  wantsAnswer = false;
  private open = 0;
  private over = false;

  /** @param ask called at most once after each time that everything is in. */
  constructor(private readonly ask: () => void) {}

  begun(): void {
    this.open++;
  }

  /** @param wantsAnswer whether the model should speak about this output. */
  done(wantsAnswer: boolean): void {
    this.open--;
    this.wantsAnswer ||= wantsAnswer;
    this.settle();
  }

  responseOver(): void {
    if (this.over) return;
    this.over = true;
    this.settle();
  }

  private settle(): void {
    if (this.open === 0 && this.over && this.wantsAnswer) this.ask();
  }
}
