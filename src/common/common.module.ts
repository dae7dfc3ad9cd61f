import { Global, Module } from '@nestjs/common';
import { systemClock } from './clock.js';
import { CLOCK } from './clock.token.js';

@Global()
@Module({ providers: [{ provide: CLOCK, useValue: systemClock }], exports: [CLOCK] })
export class CommonModule {}
