import { Inject, Injectable } from '@nestjs/common';
import { CLOCK } from '../common/clock.token.js';
import { type Clock } from '../common/clock.js';
import { CONFIG } from '../config/config.token.js';
import { type Config } from '../config/config.js';
import { Counters } from '../telemetry/counters.js';
import { type ConversationSurroundings } from './conversation-surroundings.js';
import { Conversation } from './conversation.js';
import { ModelConnector } from './model.port.js';
import { type RecalledConversation, recallConversation } from './record/restored-record.js';
import { type SavedConversation } from './record/saved-conversation.js';
import { ToolBox } from './tools/tool.port.js';

/** Begins conversations with the assistant that the configuration describes. */
@Injectable()
export class ConversationService {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly model: ModelConnector,
    private readonly toolBox: ToolBox,
    private readonly counters: Counters,
  ) {}

  /** @param call its id and line, its log, what can be done with it, and what is known of its conversation so far. */
  begin(call: Omit<ConversationSurroundings, 'clock' | 'model' | 'toolBox' | 'counters'>): Conversation {
    const { clock, model, toolBox, counters } = this;
    const conversation = new Conversation(this.config, { ...call, clock, model, toolBox, counters });
    conversation.begin();
    return conversation;
  }

  /** What a conversation was that another process had, and nobody goes on with; undefined where nothing of it can be read. */
  recall(saved: SavedConversation): RecalledConversation | undefined {
    return recallConversation(saved, this.clock);
  }
}
