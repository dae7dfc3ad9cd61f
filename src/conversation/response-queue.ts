/**
 * Serialises requests for an answer: the model writes one response at a time and refuses a second one
 * (`conversation_already_has_active_response`). Knows the response that is running, and the request on its way.
 */
export class ResponseQueue {
  /** The response the model is writing. */
  activeId: string | undefined;
  private requestId: string | undefined;
  private wanted = false;

  /** @param create asks the model for a response and returns the id of that request. */
  constructor(private readonly create: () => string) {}

  /** True while a response is being written or has been asked for. */
  get busy(): boolean {
    return this.activeId !== undefined || this.requestId !== undefined;
  }

  /** An answer is wanted: now, or as soon as the running one is done. Asking twice gives one answer. */
  request(): void {
    this.wanted = true;
    this.pump();
  }

  /** What was wanted is no longer. */
  withdraw(): void {
    this.wanted = false;
  }

  created(responseId: string): void {
    this.activeId = responseId;
    this.requestId = undefined;
  }

  done(responseId: string): void {
    if (this.activeId === responseId) this.activeId = undefined;
    this.pump();
  }

  /**
   * The model refused something.
   * @param requestId what it was asked under; some refusals do not say.
   * @returns true if it was our request for a response.
   */
  refused(code: string, requestId: string | undefined): boolean {
    // Only a request of ours is refused like this: the model's own turn-taking was faster, and ours comes after that.
    const alreadyActive = code === 'conversation_already_has_active_response';
    if (!alreadyActive && (this.requestId === undefined || requestId !== this.requestId)) return false;
    this.requestId = undefined;
    if (alreadyActive) this.wanted = true;
    return true;
  }

  /** A new session: nothing is running there. */
  reset(): void {
    this.activeId = undefined;
    this.requestId = undefined;
    this.wanted = false;
  }

  private pump(): void {
    if (!this.wanted || this.busy) return;
    this.wanted = false;
    this.requestId = this.create();
  }
}
