import { Global, Module } from '@nestjs/common';
import { systemClock } from './clock.js';
import { CLOCK } from './clock.token.js';
import { LoopLateness } from './loop-lateness.js';

@Global()
@Module({ providers: [{ provide: CLOCK, useValue: systemClock }, LoopLateness], exports: [CLOCK, LoopLateness] })
export class CommonModule {}
