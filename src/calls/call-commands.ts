/** How Telnyx took a command. */
export type CommandOutcome =
  | { ok: true }
  /** `gone`: the call has ended already (90018), which is a normal end of any race with the caller. */
  | { ok: false; gone: boolean; code: string; status: number | undefined };

/** Where a call's media stream goes, and what is sent back with it. */
export interface StreamRequest {
  url: string;
  /** Opaque to Telnyx; comes back in every webhook and in the `start` frame. */
  clientState: string;
}

/**
 * Call Control, as far as Parley uses it. Every command is safe to send twice (see `commandId`), has a time limit, and
 * never throws: what went wrong is in the outcome.
 */
export abstract class CallCommands {
  /** Answers and starts the media stream in one command. */
  abstract answer(callControlId: string, stream: StreamRequest): Promise<CommandOutcome>;
  /** Refuses a call that was not answered; the caller hears the busy tone. */
  abstract rejectAsBusy(callControlId: string): Promise<CommandOutcome>;
  abstract hangUp(callControlId: string): Promise<CommandOutcome>;
  abstract startStream(callControlId: string, stream: StreamRequest, attempt: number): Promise<CommandOutcome>;
  abstract stopStream(callControlId: string, attempt: number): Promise<CommandOutcome>;
  /**
   * Has Telnyx speak a sentence; its end comes as a webhook. Where Telnyx will not speak into a running media stream
   * (90045), the stream is stopped first.
   */
  abstract speak(callControlId: string, sentence: string): Promise<CommandOutcome>;
}
