import { Module } from '@nestjs/common';
import { FleetModule } from '../affinity/fleet.module.js';
import { ThisPodModule } from '../affinity/this-pod.module.js';
import { ConversationModule } from '../conversation/conversation.module.js';
import { ConversationService } from '../conversation/conversation.service.js';
import { NumberAttributes } from '../telemetry/numbers/number-attributes.js';
import { HealthModule } from '../health/health.module.js';
import { ReportModule } from '../report/report.module.js';
import { Admission } from './admission.js';
import { CallBooks } from './call-books.js';
import { CallCommands } from './call-commands.js';
import { CallConversations } from './call-conversation.js';
import { CallFactory } from './call-factory.js';
import { CallIntake } from './call-intake.js';
import { CallSummaries } from './call-summaries.js';
import { CallTracing } from './call-tracing.js';
import { CallWebhooks } from './call-webhooks.js';
import { CallsService } from './calls.service.js';
import { CallMover } from './fleet/call-mover.js';
import { CallReconciliation } from './fleet/call-reconciliation.js';
import { CallRecovery } from './fleet/call-recovery.js';
import { CallTaking } from './fleet/call-taking.js';
import { Drain } from './fleet/drain.js';
import { FleetDuties } from './fleet/fleet-duties.js';
import { Relays } from './fleet/relays.js';
import { StreamPlacement } from './fleet/stream-placement.js';
import { WebhookDispatch } from './fleet/webhook-dispatch.js';
import { OverflowCalls } from './overflow-calls.js';
import { RootController } from './root.controller.js';
import { SecondLegs } from './second-legs.js';
import { TelnyxCallCommands } from './telnyx-call-commands.js';
import { WebhooksController } from './webhooks.controller.js';

/** Checked here, because Nest does not check what stands for an abstract class. */
const CONVERSATIONS: abstract new (...needs: never[]) => CallConversations = ConversationService;

/** From the webhook to the hang-up: the life of calls, and the commands that shape it. */
@Module({
  imports: [FleetModule, ThisPodModule, ConversationModule, HealthModule, ReportModule],
  controllers: [RootController, WebhooksController],
  providers: [
    CallsService,
    CallWebhooks,
    CallFactory,
    CallIntake,
    CallBooks,
    CallSummaries,
    CallTracing,
    NumberAttributes,
    OverflowCalls,
    SecondLegs,
    Admission,
    Relays,
    CallTaking,
    CallMover,
    CallRecovery,
    CallReconciliation,
    StreamPlacement,
    WebhookDispatch,
    FleetDuties,
    Drain,
    { provide: CallCommands, useClass: TelnyxCallCommands },
    { provide: CallConversations, useExisting: CONVERSATIONS },
  ],
  exports: [CallsService, CallTracing, StreamPlacement, Relays, FleetDuties, Drain],
})
export class CallsModule {}
