import { type Floor } from '../record/conversation-state.js';
import { type AssistantSpeech, LEAST_HEARD_MS } from './assistant-speech.js';
import { type CallerTurn } from './caller-turn.js';
import { type Greeting } from './greeting.js';
import { type OwedAnswer } from './owed-answer.js';
import { type ResponseQueue } from './response-queue.js';
import { type TurnTakingSurroundings } from './turn-taking.port.js';

export interface FloorParts {
  caller: CallerTurn;
  responses: ResponseQueue;
  speech: AssistantSpeech;
  greeting: Greeting;
  answer: OwedAnswer;
}

/** Who has the floor, how it is taken from the assistant, and what is left of it when the conversation stands still. */
export class FloorKeeper {
  private isFrozen = false;
  /** What the assistant was saying then was cut off. */
  private cutByFreeze = false;

  constructor(
    private readonly around: Pick<TurnTakingSurroundings, 'line' | 'log' | 'session' | 'timekeeper'>,
    private readonly parts: FloorParts,
  ) {}

  /** Nothing is asked for, and nothing is said. */
  get frozen(): boolean {
    return this.isFrozen;
  }

  /** Nobody speaks, and nobody is about to. */
  get quiet(): boolean {
    return !this.parts.caller.open && !this.assistantSpeaking && !this.parts.answer.pending;
  }

  /** The assistant speaks, or the model writes what it will say. */
  get assistantSpeaking(): boolean {
    return this.parts.responses.busy || !this.around.line.idle;
  }

  /** The model writes, or was asked for, something that the caller is to hear. */
  get answering(): boolean {
    const { activeId, awaited } = this.parts.responses;
    return activeId === undefined ? awaited : !this.parts.speech.isDropped(activeId);
  }

  /** The same, or it will be asked for as soon as something else is written. */
  get answerUnderWay(): boolean {
    return this.answering || this.parts.responses.postponed;
  }

  /** As it is written down. */
  get state(): Floor {
    const { speech, answer, caller } = this.parts;
    const owed = answer.pending || this.answerUnderWay;
    return { heard: speech.heardSoFar(), cutOff: this.cutByFreeze, owed, callerTurnOpen: caller.open };
  }

  /**
   * The assistant stops, and the model is told what of it was heard.
   * @param by `us`, or because it does not go on here: the model knows nothing of it. For the caller it may stop by itself.
   * @returns whether there was anything to stop.
   */
  silence(by: 'caller' | 'us' | 'end'): boolean {
    const { responses, speech, greeting } = this.parts;
    const session = this.around.session();
    const { activeId } = responses;
    const { answering } = this;
    responses.withdraw();
    if (!answering && this.around.line.idle) return false;
    if (activeId !== undefined && answering) {
      speech.drop(activeId);
      if (session && (by !== 'caller' || !session.takesTurnsItself)) session.cancelResponse(activeId);
    }
    const cut = speech.cut();
    this.around.timekeeper.cut(cut, by);
    greeting.interrupted();
    this.around.log.info({ cut }, by === 'caller' ? 'the caller interrupts' : 'the assistant is cut off');
    return true;
  }

  /** From now on nothing is said, and nothing is asked for. What is cut off, or was asked for, is owed. */
  freeze(): void {
    const { responses, greeting, answer } = this.parts;
    const { heard } = this.state;
    const heardNow = somethingHeard(heard);
    const greets = greeting.underWay && !greeting.heard(heardNow);
    const owed = heard.length > 0 || this.answerUnderWay;
    this.cutByFreeze = heardNow;
    this.silence('end');
    this.isFrozen = true;
    responses.hold();
    if (greets) greeting.requested();
    if (owed) answer.owe();
  }

  /** It goes on here. */
  thaw(): void {
    this.cutByFreeze = false;
    this.isFrozen = false;
    this.parts.responses.release();
  }
}

/** Something of what is being played was heard. */
export function somethingHeard(heard: Floor['heard']): boolean {
  return heard.some(({ heardMs }) => heardMs >= LEAST_HEARD_MS);
}
