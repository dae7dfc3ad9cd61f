import { Inject, Injectable } from '@nestjs/common';
import { type ConversationObservers } from '../../calls/conversation-observers.js';
import { type Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.token.js';
import {
  type ConversationObserver,
  type ModelRefusal,
  type SessionOpening,
  type TurnTimeline,
} from '../../conversation/observer.port.js';
import { type CallTrace } from '../trace/call-trace.js';
import { CallTraces } from '../trace/call-traces.js';
import { ATTRS, SPANS } from '../trace/names.js';
import { codeWord, failureClass } from './failure-class.js';
import { type ModelFacts, modelFacts } from './model-facts.js';
import { sessionSpan } from './session-span.js';
import { TurnFigures } from './turn-figures.js';
import { turnSpans } from './turn-spans.js';

/** Makes spans and figures of what became of conversations. */
@Injectable()
export class ConversationTelemetry implements ConversationObservers {
  private readonly facts: ModelFacts;
  private readonly content: boolean;

  constructor(
    @Inject(CONFIG) { openai, telemetry }: Config,
    private readonly traces: CallTraces,
    private readonly figures: TurnFigures,
  ) {
    this.facts = modelFacts(openai);
    this.content = telemetry.content;
  }

  /** @param callId the call's `call_control_id`. */
  of(callId: string): CallObserver {
    const { facts, content, figures } = this;
    return new CallObserver({ callId, facts, content, figures, trace: () => this.traces.of(callId) });
  }
}

interface CallObserverSurroundings {
  callId: string;
  facts: ModelFacts;
  content: boolean;
  figures: TurnFigures;
  /** Looked up each time: a call that is over, or elsewhere, has none any more. */
  trace(): CallTrace;
}

/** Watches one call's conversation. */
export class CallObserver implements ConversationObserver {
  constructor(private readonly around: CallObserverSurroundings) {}

  turnOver(turn: TurnTimeline): void {
    const trace = this.around.trace();
    this.around.figures.turn(turn);
    if (trace.recording) for (const span of turnSpans(turn, this.around)) trace.record(span);
  }

  sessionOpened(opening: SessionOpening): void {
    const { callId, facts, figures } = this.around;
    const trace = this.around.trace();
    figures.session(opening);
    if (trace.recording) trace.record(sessionSpan(opening, callId, facts));
  }

  modelRefused({ code, answerLost }: ModelRefusal): void {
    const { callId } = this.around;
    const word = codeWord(code);
    const kind = failureClass(code);
    // What comes too late by milliseconds happens in many a good call.
    if (kind === 'race' && !answerLost) return;
    const attributes = {
      [ATTRS.conversationId]: callId,
      [ATTRS.failureClass]: kind,
      [ATTRS.failureCode]: word,
    };
    this.around.trace().note(SPANS.modelRefusal, attributes, answerLost ? word : undefined);
  }
}
