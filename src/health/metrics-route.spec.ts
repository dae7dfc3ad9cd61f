import { metricsReply } from './metrics-route.js';

describe('/metrics', () => {
  it('is text that Prometheus reads', async () => {
    const reply = await metricsReply({ metricsText: async () => 'parley_draining 0\n' });
    expect(reply).toEqual({
      status: 200,
      body: 'parley_draining 0\n',
      headers: { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' },
    });
  });

  it('is an error that says why, where nothing is measured', async () => {
    const { status, body } = await metricsReply(undefined);
    expect(status).toBe(503);
    expect(body).toContain('--import ./dist/src/telemetry/preload.js');
    expect(body).toContain('OTEL_SDK_DISABLED');
  });
});
