import { Module } from '@nestjs/common';
import { FleetModule } from '../affinity/fleet.module.js';
import { ThisPodModule } from '../affinity/this-pod.module.js';
import { CallsModule } from '../calls/calls.module.js';
import { MediaStreamGateway } from './media-stream.gateway.js';
import { StreamUpgradePolicy } from './stream-upgrade-policy.js';

/** Telnyx's media streams: who may open one, what its frames mean, what the caller hears. */
@Module({
  imports: [CallsModule, FleetModule, ThisPodModule],
  providers: [MediaStreamGateway, StreamUpgradePolicy],
  exports: [StreamUpgradePolicy],
})
export class MediaStreamModule {}
