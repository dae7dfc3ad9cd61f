import { Module } from '@nestjs/common';
import { CallDirectory } from './call-directory.js';
import { InMemoryCallDirectory } from './in-memory-call-directory.js';

@Module({
  providers: [{ provide: CallDirectory, useClass: InMemoryCallDirectory }],
  exports: [CallDirectory],
})
export class AffinityModule {}
