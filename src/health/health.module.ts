import { Module } from '@nestjs/common';
import { Lifecycle } from './lifecycle.js';
import { ManagementServer } from './management-server.js';

@Module({
  providers: [Lifecycle, { provide: ManagementServer, useFactory: () => new ManagementServer() }],
  exports: [Lifecycle, ManagementServer],
})
export class HealthModule {}
