/** What a refusal meant for the queue: nothing, an answer that comes later by itself, or one that was lost. */
export type Refusal = 'not-ours' | 'postponed' | 'lost' | 'abandoned';

/** Refusals of the model's own making. Where they do not say what was asked, it was for the answer on its way. */
const MODEL_TROUBLE = new Set(['server_error', 'rate_limit_exceeded', 'inference_rate_limit_exceeded']);

/**
 * Serialises requests for an answer: the model writes one response at a time and refuses a second one
 * (`conversation_already_has_active_response`). Knows the response that is running, and the request on its way.
 */
export class ResponseQueue {
  /** The response the model is writing. */
  activeId: string | undefined;
  private activeAsked = false;
  private requestId: string | undefined;
  /** Nobody waits any more for the response that was asked for and has not begun. */
  private unwanted = false;
  /** A request that nobody waits for, and perhaps another response than its own has begun instead. */
  private strayId: string | undefined;
  /** The model says that it is writing a response, and has not told of it yet. */
  private untold = false;
  private wanted = false;
  private held = false;

  /** @param create asks the model for a response and returns the id of that request. */
  constructor(private readonly create: () => string) {}

  /** True while a response is being written or has been asked for. */
  get busy(): boolean {
    return this.activeId !== undefined || this.requestId !== undefined || this.untold;
  }

  /** A response was asked for, is still wanted, and has not begun. */
  get awaited(): boolean {
    return this.requestId !== undefined && !this.unwanted;
  }

  /** A response is wanted as soon as another one is done. */
  get postponed(): boolean {
    return this.wanted;
  }

  /** The response that is being written is, as far as can be known, the one that was asked for last. */
  isAsked(responseId: string): boolean {
    return this.activeAsked && this.activeId === responseId;
  }

  /** An answer is wanted: now, or as soon as the running one is done. Asking twice gives one answer. */
  request(): void {
    this.wanted = true;
    this.pump();
  }

  /** From now on nothing is asked for. */
  hold(): void {
    this.held = true;
  }

  /** What is wanted may be asked for again. */
  release(): void {
    this.held = false;
    this.pump();
  }

  /** What was wanted is no longer. */
  withdraw(): void {
    this.wanted = false;
    this.unwanted = this.requestId !== undefined;
  }

  /** @returns false when nobody is waiting for it any more. */
  created(responseId: string): boolean {
    const wanted = !this.unwanted;
    this.strayId = this.unwanted ? this.requestId : undefined;
    this.activeId = responseId;
    this.activeAsked = this.requestId !== undefined;
    this.requestId = undefined;
    this.unwanted = false;
    this.untold = false;
    return wanted;
  }

  done(responseId: string): void {
    if (this.activeId === responseId) this.activeId = undefined;
    this.pump();
  }

  /**
   * The model refused something.
   * @param requestId what it was asked under; some refusals do not say.
   */
  refused(code: string, requestId: string | undefined): Refusal {
    // Only a request of ours is refused like this: the model's own turn-taking was faster, and ours comes after that.
    const alreadyActive = code === 'conversation_already_has_active_response';
    const named = requestId === undefined ? MODEL_TROUBLE.has(code) : requestId === this.requestId;
    if (!alreadyActive && (this.requestId === undefined || !named)) return 'not-ours';
    if (alreadyActive && !this.busy) return 'not-ours';
    if (requestId !== undefined && requestId === this.strayId) return 'abandoned';
    const { unwanted } = this;
    this.requestId = undefined;
    this.unwanted = false;
    if (unwanted) {
      this.wanted = false;
      return 'abandoned';
    }
    if (!alreadyActive) return 'lost';
    this.untold = this.activeId === undefined;
    this.wanted = true;
    return 'postponed';
  }

  /** A new session: nothing is running there. */
  reset(): void {
    this.activeId = undefined;
    this.requestId = undefined;
    this.unwanted = false;
    this.strayId = undefined;
    this.untold = false;
    this.wanted = false;
  }

  private pump(): void {
    if (!this.wanted || this.busy || this.held) return;
    this.wanted = false;
    this.requestId = this.create();
  }
}
