import {
  type ModelFailure,
  type ModelListener,
  type ResponseOutcome,
  type ToolCall,
  type TranscriptionUsage,
} from '../../conversation/model.port.js';

/** For tests: notes what the model says, as lines. */
export class Notes implements ModelListener {
  readonly lines: string[] = [];
  readonly outcomes: ResponseOutcome[] = [];
  readonly speechAgoMs: (number | undefined)[] = [];
  readonly transcriptions: (TranscriptionUsage | undefined)[] = [];
  private waiting: { line: RegExp; nth: number; resolve: (line: string) => void }[] = [];
  onNote: (line: string) => void = () => undefined;

  /** The nth line that looks like this, noted already or to come. */
  heard(line: RegExp, nth = 1): Promise<string> {
    return new Promise((resolve) => {
      this.waiting.push({ line, nth, resolve });
      this.serve();
    });
  }

  private note(line: string): void {
    this.lines.push(line);
    this.serve();
    this.onNote(line);
  }
  private serve(): void {
    this.waiting = this.waiting.filter(({ line, nth, resolve }) => {
      const found = this.lines.filter((other) => line.test(other))[nth - 1];
      if (found !== undefined) resolve(found);
      return found === undefined;
    });
  }

  speechStarted = (itemId: string, agoMs?: number): void => {
    this.speechAgoMs.push(agoMs);
    this.note(`speech started ${itemId}`);
  };
  speechStopped = (itemId: string): void => this.note(`speech stopped ${itemId}`);
  turnCommitted = (itemId: string): void => this.note(`committed ${itemId}`);
  callerTranscript = (itemId: string, text: string, usage: TranscriptionUsage | undefined): void => {
    this.transcriptions.push(usage);
    this.note(`caller ${itemId} ${text}`);
  };
  callerTranscriptFailed = (itemId: string): void => this.note(`not written down ${itemId}`);
  responseCreated = (responseId: string): void => this.note(`created ${responseId}`);
  audio = (responseId: string, itemId: string, audio: Buffer): void =>
    this.note(`audio ${responseId} ${itemId} ${audio.toString('hex')}`);
  audioDone = (responseId: string, itemId: string): void => this.note(`audio done ${responseId} ${itemId}`);
  assistantTranscript = (responseId: string, itemId: string, delta: string): void =>
    this.note(`words ${responseId} ${itemId} ${delta}`);
  toolCalled = ({ responseId, toolCallId, name, argumentsText }: ToolCall): void =>
    this.note(`tool ${responseId} ${toolCallId} ${name} ${argumentsText}`);
  remoteToolBegun = (id: string, name: string): void => this.note(`begun ${id} ${name}`);
  remoteToolDone = (id: string, name: string, ok: boolean): void => this.note(`over ${id} ${name} ${ok}`);
  responseDone = (outcome: ResponseOutcome): void => {
    this.outcomes.push(outcome);
    this.note(`done ${outcome.status} ${outcome.responseId}`);
  };
  refused = (code: string, requestId: string | undefined): void => this.note(`refused ${code} ${requestId}`);
  lost = ({ kind, code }: ModelFailure): void => this.note(`lost ${kind} ${code}`);
}
