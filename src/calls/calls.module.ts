import { Module } from '@nestjs/common';
import { AffinityModule } from '../affinity/affinity.module.js';
import { ConversationModule } from '../conversation/conversation.module.js';
import { ConversationService } from '../conversation/conversation.service.js';
import { HealthModule } from '../health/health.module.js';
import { ReportModule } from '../report/report.module.js';
import { Admission } from './admission.js';
import { CallBooks } from './call-books.js';
import { CallCommands } from './call-commands.js';
import { CallConversations } from './call-conversation.js';
import { CallIntake } from './call-intake.js';
import { CallsService } from './calls.service.js';
import { OverflowCalls } from './overflow-calls.js';
import { RootController } from './root.controller.js';
import { SecondLegs } from './second-legs.js';
import { TelnyxCallCommands } from './telnyx-call-commands.js';
import { WebhooksController } from './webhooks.controller.js';

/** Checked here, because Nest does not check what stands for an abstract class. */
const CONVERSATIONS: abstract new (...needs: never[]) => CallConversations = ConversationService;

/** From the webhook to the hang-up: the life of calls, and the commands that shape it. */
@Module({
  imports: [AffinityModule, ConversationModule, HealthModule, ReportModule],
  controllers: [RootController, WebhooksController],
  providers: [
    CallsService,
    CallIntake,
    CallBooks,
    OverflowCalls,
    SecondLegs,
    Admission,
    { provide: CallCommands, useClass: TelnyxCallCommands },
    { provide: CallConversations, useExisting: CONVERSATIONS },
  ],
  exports: [CallsService],
})
export class CallsModule {}
