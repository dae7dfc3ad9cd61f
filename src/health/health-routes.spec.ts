import { type INestApplicationContext } from '@nestjs/common';
import { CallDirectory } from '../affinity/call-directory.js';
import { Fleet } from '../affinity/fleet.js';
import { CallsService } from '../calls/calls.service.js';
import { OpenAIRealtimeService } from '../openai-realtime/openai-realtime.service.js';
import { Counters } from '../telemetry/counters.js';
import { addHealthRoutes } from './health-routes.js';
import { Lifecycle } from './lifecycle.js';
import { type ManagementReply, type ManagementServer } from './management-server.js';

const OTHER = {
  pod: { uid: 'uid', bootId: 'boot', name: 'pod-2', address: '10.0.0.2:8081' },
  ...{ activeCalls: 3, maxCalls: 100, draining: false, silentMs: 20 },
};

function setUp() {
  const lifecycle = new Lifecycle();
  const calls = { activeCalls: 0, heldCalls: 0 };
  const model = { warmSessions: 2 };
  const parts = new Map<unknown, unknown>([
    [Lifecycle, lifecycle],
    [CallsService, calls],
    [OpenAIRealtimeService, model],
    [Counters, new Counters()],
    [CallDirectory, { available: true }],
    [Fleet, { others: [OTHER] }],
  ]);
  const routes = new Map<string, () => ManagementReply | Promise<ManagementReply>>();
  addHealthRoutes(
    { get: (path: string, reply: () => ManagementReply) => routes.set(path, reply) } as unknown as ManagementServer,
    { get: (part: unknown) => parts.get(part) } as unknown as INestApplicationContext,
  );
  const ask = (path: string): ManagementReply =>
    (routes.get(path)?.() as ManagementReply | undefined) ?? { status: 404, body: '' };
  return { lifecycle, calls, ask };
}

describe('health', () => {
  it('is ready between the start and the drain, and alive all the time', () => {
    const { lifecycle, ask } = setUp();
    expect(ask('/readyz')).toEqual({ status: 503, body: 'starting\n' });
    expect(ask('/livez').status).toBe(200);
    lifecycle.started = true;
    expect(ask('/readyz').status).toBe(200);
    lifecycle.draining = true;
    expect(ask('/readyz')).toEqual({ status: 503, body: 'draining\n' });
    expect(ask('/livez').status).toBe(200);
  });

  it('is not changed by a pod that is full: its webhooks and streams must still find it', () => {
    const { lifecycle, calls, ask } = setUp();
    lifecycle.started = true;
    calls.activeCalls = calls.heldCalls = 10_000;
    expect(ask('/readyz').status).toBe(200);
    expect(ask('/status').body).toMatchObject({ activeCalls: 10_000, heldCalls: 10_000, warmSessions: 2 });
  });

  it('shows an operator whether Redis is there, and the other pods', () => {
    const { ask } = setUp();
    expect(ask('/status').body).toMatchObject({
      directoryAvailable: true,
      pods: [{ name: 'pod-2', address: '10.0.0.2:8081', activeCalls: 3, draining: false, silentMs: 20 }],
    });
  });
});
