import { Inject, Injectable } from '@nestjs/common';
import { CLOCK } from '../common/clock.token.js';
import { type Clock } from '../common/clock.js';
import { CONFIG } from '../config/config.token.js';
import { type Config } from '../config/config.js';
import { Counters } from '../telemetry/counters.js';
import { Conversation, type ConversationSurroundings } from './conversation.js';
import { ModelConnector } from './model.port.js';

/** Begins conversations with the assistant that the configuration describes. */
@Injectable()
export class ConversationService {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly model: ModelConnector,
    private readonly counters: Counters,
  ) {}

  /** @param call the line, the log and what to do when it cannot go on. */
  begin(call: Pick<ConversationSurroundings, 'line' | 'log' | 'end'>): Conversation {
    const { greeting, greetingProtected, interruptMinSpeechMs } = this.config.assistant;
    const conversation = new Conversation(
      { greeting, greetingProtected, interruptMinSpeechMs },
      { ...call, clock: this.clock, model: this.model, counters: this.counters },
    );
    conversation.begin();
    return conversation;
  }
}
