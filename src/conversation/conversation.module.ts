import { Module } from '@nestjs/common';
import { ConversationService } from './conversation.service.js';
import { AssistantTools } from './tools/assistant-tools.js';

/** Turn taking between a line and a model; the application says which model (ModelConnector). */
@Module({ providers: [ConversationService, AssistantTools], exports: [ConversationService, AssistantTools] })
export class ConversationModule {}
