import { type ModelFailure, type ResponseOutcome } from '../model.port.js';
import { FILTERED } from '../notes.js';
import { type Greeting } from './greeting.js';
import { type OwedAnswer } from './owed-answer.js';
import { type Verdict, verdictOn } from './response-verdict.js';
import { type TurnTakingSurroundings } from './turn-taking.port.js';

export interface AnswerJudgeParts {
  answer: OwedAnswer;
  greeting: Greeting;
  /** The model could not answer, however often it was asked. */
  gaveUp(failure: ModelFailure): void;
}

/** Says what came of an answer that was for the caller, and sees to it that a failed one is owed again. */
export class AnswerJudge {
  private usedTools = false;

  constructor(
    private readonly around: Pick<TurnTakingSurroundings, 'log' | 'counters' | 'session'>,
    private readonly parts: AnswerJudgeParts,
  ) {}

  responseBegun(): void {
    this.usedTools = false;
  }

  /** The response that is being written calls a tool: it need not speak. */
  toolUsed(): void {
    this.usedTools = true;
  }

  /** @param spoke some of it is, or was, on its way to the caller. */
  judge(outcome: ResponseOutcome, spoke: boolean): Verdict['kind'] {
    const verdict = verdictOn(outcome, spoke, this.usedTools);
    switch (verdict.kind) {
      case 'fine':
        this.parts.answer.succeeded();
        break;
      case 'empty':
        this.around.log.warn('the model answered with nothing');
        this.parts.answer.empty();
        break;
      case 'filtered':
        this.around.session()?.remember({ role: 'system', text: FILTERED });
        this.failed(verdict.failure);
        break;
      case 'failed':
        this.parts.greeting.failed();
        this.failed(verdict.failure);
        break;
    }
    return verdict.kind;
  }

  /** The model refused to answer. @param code its own word for why. */
  refused(code: string): void {
    this.failed({ kind: 'retryable', code, message: 'the model refused to answer' });
  }

  private failed(failure: ModelFailure): void {
    this.around.counters.responsesFailed++;
    const retry = this.parts.answer.failed(failure);
    this.around.log.warn({ code: failure.code, reason: failure.message, retry }, 'the model could not answer');
    if (!retry) this.parts.gaveUp(failure);
  }
}
