import { type INestApplicationContext } from '@nestjs/common';
import { CallDirectory } from '../../affinity/call-directory.js';
import { Fleet } from '../../affinity/fleet.js';
import { Ownership } from '../../affinity/ownership.js';
import { type HttpPeers } from '../../affinity/pods/http-peers.js';
import { Peers } from '../../affinity/pods/peers.js';
import { Admission } from '../../calls/admission.js';
import { CallsService } from '../../calls/calls.service.js';
import { Relays } from '../../calls/fleet/relays.js';
import { type Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.token.js';
import { Lifecycle } from '../../health/lifecycle.js';
import { OpenAIRealtimeService } from '../../openai-realtime/openai-realtime.service.js';
import { Counters } from '../counters.js';
import { startInstruments } from './instruments.js';
import { Meters } from './meters.js';
import { readingsOf } from './readings.js';

/** Shows the application's figures as metrics, from now until the process ends. */
export function startMetrics(app: INestApplicationContext): void {
  const counters = app.get(Counters);
  const meters = app.get(Meters);
  startInstruments(
    readingsOf({
      counters,
      lifecycle: app.get(Lifecycle),
      calls: app.get(CallsService),
      maxCalls: app.get<Config>(CONFIG).limits.maxCalls,
      admission: app.get(Admission),
      model: app.get(OpenAIRealtimeService),
      relays: app.get(Relays),
      fleet: app.get(Fleet),
      ownership: app.get(Ownership),
      directory: app.get<CallDirectory>(CallDirectory),
      peers: app.get<HttpPeers>(Peers),
    }),
  );
  counters.relaySampler.start((delayMs) => meters.record('parley.line.added_delay', delayMs / 1_000, {}));
}
