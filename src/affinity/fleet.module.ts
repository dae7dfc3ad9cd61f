import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { CLOCK } from '../common/clock.token.js';
import { type Clock } from '../common/clock.js';
import { Keyring } from '../common/keyring.js';
import { Seal } from '../common/seal.js';
import { HealthModule } from '../health/health.module.js';
import { ManagementServer } from '../health/management-server.js';
import { AffinityModule } from './affinity.module.js';
import { CallDirectory } from './call-directory.js';
import { CallFinder } from './call-finder.js';
import { Fleet } from './fleet.js';
import { Ownership } from './ownership.js';
import { HttpPeers } from './pods/http-peers.js';
import { Peers } from './pods/peers.js';
import { TalkLog } from './talk-log.js';
import { ThisPodModule } from './this-pod.module.js';
import { ThisPod } from './this-pod.js';

/** Which pod has which call, and what pods say to each other about it. */
@Module({
  imports: [AffinityModule, HealthModule, ThisPodModule],
  providers: [
    {
      provide: Peers,
      inject: [ThisPod, Keyring, ManagementServer, CLOCK, PinoLogger],
      useFactory: (self: ThisPod, signer: Keyring, server: ManagementServer, clock: Clock, log: PinoLogger): Peers =>
        new HttpPeers({ self, signer, server, clock, log }),
    },
    {
      provide: TalkLog,
      inject: [CallDirectory, Keyring, CLOCK, PinoLogger],
      useFactory: (directory: CallDirectory, keyring: Keyring, clock: Clock, log: PinoLogger) =>
        new TalkLog(directory, new Seal(keyring, 'conversation'), clock, log),
    },
    Ownership,
    Fleet,
    CallFinder,
  ],
  exports: [AffinityModule, Peers, TalkLog, Ownership, Fleet, CallFinder],
})
export class FleetModule implements OnApplicationShutdown {
  constructor(@Inject(Peers) private readonly peers: HttpPeers) {}

  async onApplicationShutdown(): Promise<void> {
    await this.peers.close();
  }
}
