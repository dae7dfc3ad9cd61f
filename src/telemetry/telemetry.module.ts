import { Global, Module } from '@nestjs/common';
import { ConversationObservers } from '../calls/conversation-observers.js';
import { ConversationTelemetry } from './conversation/conversation-telemetry.js';
import { Counters } from './counters.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { CallTraces } from './trace/call-traces.js';

@Global()
@Module({
  imports: [MetricsModule],
  providers: [
    Counters,
    CallTraces,
    ConversationTelemetry,
    { provide: ConversationObservers, useExisting: ConversationTelemetry },
  ],
  exports: [Counters, CallTraces, ConversationObservers, MetricsModule],
})
export class TelemetryModule {}
