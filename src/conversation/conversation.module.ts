import { Module } from '@nestjs/common';
import { OpenAIRealtimeModule } from '../openai-realtime/openai-realtime.module.js';
import { ConversationService } from './conversation.service.js';

/** Turn taking between a line and a model. */
@Module({ imports: [OpenAIRealtimeModule], providers: [ConversationService], exports: [ConversationService] })
export class ConversationModule {}
