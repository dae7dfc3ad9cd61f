/** How Telnyx took a command. */
export type CommandOutcome =
  | { ok: true }
  /**
   * `gone`: the call has ended already (90018), which is a normal end of any race with the caller. `status` is undefined
   * where Telnyx did not answer: the command may have been carried out.
   */
  | { ok: false; gone: boolean; code: string; status: number | undefined };

/** Where a call's media stream goes, and what is sent back with it. */
export interface StreamRequest {
  url: string;
  /** Opaque to Telnyx; comes back in every webhook and in the `start` frame. */
  clientState: string;
}

/** Somebody to be called for the caller. */
export interface TransferRequest {
  /** E.164 number or SIP address. */
  to: string;
  /** Comes back in every webhook of the second leg. */
  clientState: string;
  /** Number of the transfer within the call. */
  transfer: number;
}

/** A call that Telnyx says is going on. */
export interface ActiveCall {
  callControlId: string;
  clientState: string | undefined;
  durationS: number;
}

/** "Call not answered yet". */
export const NOT_ANSWERED = '90034';

/**
 * Call Control, as far as Parley uses it. Every command is safe to send twice (see `commandId`), has a time limit, and
 * never throws: what went wrong is in the outcome.
 */
export abstract class CallCommands {
  /** Answers and starts the media stream in one command; without `stream` it only answers. */
  abstract answer(callControlId: string, stream?: StreamRequest): Promise<CommandOutcome>;
  /** Refuses a call that was not answered; the caller hears the busy tone. */
  abstract rejectAsBusy(callControlId: string): Promise<CommandOutcome>;
  abstract hangUp(callControlId: string): Promise<CommandOutcome>;
  abstract startStream(callControlId: string, stream: StreamRequest, attempt: number): Promise<CommandOutcome>;
  /** @param cause what tells this stop of the stream from the next one. */
  abstract stopStream(callControlId: string, cause: string): Promise<CommandOutcome>;
  /** Calls somebody else and joins the two when they answer; what comes of it is told by webhooks of the second leg. */
  abstract transfer(callControlId: string, request: TransferRequest): Promise<CommandOutcome>;
  /** Presses keys towards the caller. @param cause what tells these keys from the same ones a second time. */
  abstract sendKeys(callControlId: string, keys: string, cause: string): Promise<CommandOutcome>;
  /**
   * Has Telnyx speak a sentence; its end comes as a webhook. Where Telnyx will not speak into a running media stream
   * (90045), the stream is stopped first.
   */
  abstract speak(callControlId: string, sentence: string): Promise<CommandOutcome>;
  /**
   * As `speak`, beside the media stream: it goes on. Sent once, since it is of no use when it comes late; not sent at all
   * for a while after Telnyx would not speak into a stream.
   * @param cause what tells this sentence from the same one a second time.
   * @returns whether it is being spoken.
   */
  abstract sayBeside(callControlId: string, sentence: string, cause: string): Promise<boolean>;
  /** Whether Telnyx says that the call is still going on; undefined where it does not say. */
  abstract isAlive(callControlId: string): Promise<boolean | undefined>;
  /** The calls that are going on by one of our connections; none where Telnyx does not say. */
  abstract activeCalls(connectionId: string): Promise<ActiveCall[]>;
}
