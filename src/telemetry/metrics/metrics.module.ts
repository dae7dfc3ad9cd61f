import { Global, Module } from '@nestjs/common';
import { TurnFigures } from '../conversation/turn-figures.js';
import { Meters } from './meters.js';
import { MetricTurnFigures } from './metric-turn-figures.js';

/** The measuring that rooms do themselves. What is only read, `/metrics` sees to. */
@Global()
@Module({
  providers: [Meters, { provide: TurnFigures, useClass: MetricTurnFigures }],
  exports: [Meters, TurnFigures],
})
export class MetricsModule {}
