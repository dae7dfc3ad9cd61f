import { Module } from '@nestjs/common';
import { ConversationService } from './conversation.service.js';

/** Turn taking between a line and a model; the application says which model (ModelConnector). */
@Module({ providers: [ConversationService], exports: [ConversationService] })
export class ConversationModule {}
