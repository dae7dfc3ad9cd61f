import { Module } from '@nestjs/common';
import { MetricsModule } from '../telemetry/metrics/metrics.module.js';
import { Lifecycle } from './lifecycle.js';
import { ManagementServer } from './management-server.js';

@Module({
  imports: [MetricsModule],
  providers: [Lifecycle, { provide: ManagementServer, useFactory: () => new ManagementServer() }],
  exports: [Lifecycle, ManagementServer],
})
export class HealthModule {}
