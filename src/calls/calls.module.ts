import { Module } from '@nestjs/common';
import { AffinityModule } from '../affinity/affinity.module.js';
import { ConversationModule } from '../conversation/conversation.module.js';
import { HealthModule } from '../health/health.module.js';
import { Admission } from './admission.js';
import { CallCommands } from './call-commands.js';
import { CallsService } from './calls.service.js';
import { RootController } from './root.controller.js';
import { TelnyxCallCommands } from './telnyx-call-commands.js';
import { WebhooksController } from './webhooks.controller.js';

/** From the webhook to the hang-up: the life of calls, and the commands that shape it. */
@Module({
  imports: [AffinityModule, ConversationModule, HealthModule],
  controllers: [RootController, WebhooksController],
  providers: [CallsService, Admission, { provide: CallCommands, useClass: TelnyxCallCommands }],
  exports: [CallsService],
})
export class CallsModule {}
