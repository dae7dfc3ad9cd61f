import { Global, Module } from '@nestjs/common';
import { ConversationModule } from '../conversation/conversation.module.js';
import { ModelConnector } from '../conversation/model.port.js';
import { OpenAIRealtimeService } from './openai-realtime.service.js';

/** The model side: sessions with OpenAI's Realtime API behind the conversation's port. */
@Global()
@Module({
  imports: [ConversationModule],
  providers: [OpenAIRealtimeService, { provide: ModelConnector, useExisting: OpenAIRealtimeService }],
  exports: [OpenAIRealtimeService, ModelConnector],
})
export class OpenAIRealtimeModule {}
