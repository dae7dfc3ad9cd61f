import { type INestApplicationContext } from '@nestjs/common';
import { CallDirectory } from '../affinity/call-directory.js';
import { Fleet } from '../affinity/fleet.js';
import { CallsService } from '../calls/calls.service.js';
import { OpenAIRealtimeService } from '../openai-realtime/openai-realtime.service.js';
import { Counters } from '../telemetry/counters.js';
import { startMetrics } from '../telemetry/metrics/start-metrics.js';
import { runningTelemetry } from '../telemetry/sdk/running-telemetry.js';
import { Lifecycle } from './lifecycle.js';
import { type ManagementServer } from './management-server.js';
import { metricsReply } from './metrics-route.js';

/**
 * `/livez`: the event loop turns; nothing else, so that no outage elsewhere has the pod killed with its calls.
 * `/readyz`: configured and not draining. Being full changes neither: webhooks and sockets of answered calls must find
 * the pod. `/status`: figures for a person or a test. `/metrics`: for Prometheus.
 */
export function addHealthRoutes(management: ManagementServer, app: INestApplicationContext): void {
  const lifecycle = app.get(Lifecycle);
  const calls = app.get(CallsService);
  const model = app.get(OpenAIRealtimeService);
  const counters = app.get(Counters);
  const directory = app.get(CallDirectory);
  const fleet = app.get(Fleet);
  management.get('/livez', () => ({ status: 200, body: 'ok\n' }));
  management.get('/readyz', () => {
    if (lifecycle.ready) return { status: 200, body: 'ok\n' };
    return { status: 503, body: lifecycle.draining ? 'draining\n' : 'starting\n' };
  });
  management.get('/status', () => ({
    status: 200,
    body: {
      draining: lifecycle.draining,
      activeCalls: calls.activeCalls,
      heldCalls: calls.heldCalls,
      // Ids, so that an operator finds the pod of a call; nothing that says who calls.
      ownedCalls: calls.ownedCalls,
      warmSessions: model.warmSessions,
      // The others as this pod hears of them: two lists that differ are a network that is cut.
      directoryAvailable: directory.available,
      pods: fleet.others.map(({ pod, ...state }) => ({ name: pod.name, address: pod.address, ...state })),
      memory: process.memoryUsage(),
      counters,
    },
  }));
  const telemetry = runningTelemetry();
  if (telemetry) startMetrics(app);
  management.get('/metrics', () => metricsReply(telemetry));
}
