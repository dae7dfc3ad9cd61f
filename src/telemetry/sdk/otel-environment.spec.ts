import { readOtelEnvironment } from './otel-environment.js';

describe('readOtelEnvironment', () => {
  it('sends nothing where nobody named an endpoint or an exporter', () => {
    expect(readOtelEnvironment({})).toMatchObject({ enabled: true, traces: false, sendMetrics: false });
  });

  it('sends both where there is one endpoint for all', () => {
    const otel = readOtelEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' });
    expect(otel).toMatchObject({ traces: true, sendMetrics: true, metricsProtocol: 'http/protobuf' });
  });

  it('sends only what has an endpoint of its own', () => {
    expect(readOtelEnvironment({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://jaeger:4318/v1/traces' })).toMatchObject({
      traces: true,
      sendMetrics: false,
    });
    expect(readOtelEnvironment({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://mimir/v1/metrics' })).toMatchObject({
      traces: false,
      sendMetrics: true,
    });
  });

  it.each([
    ['none', false],
    ['prometheus', false],
    ['otlp', true],
    ['console', true],
    ['prometheus, otlp', true],
  ])('takes the exporters %s for a word', (exporters, sent) => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector', OTEL_METRICS_EXPORTER: exporters };
    expect(readOtelEnvironment(env).sendMetrics).toBe(sent);
  });

  it('takes empty variables for unset ones, as OpenTelemetry does', () => {
    expect(readOtelEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }).traces).toBe(false);
  });

  it.each(['true', 'TRUE', ' true '])('is off with OTEL_SDK_DISABLED=%s', (value) => {
    expect(readOtelEnvironment({ OTEL_SDK_DISABLED: value }).enabled).toBe(false);
  });

  it('asks for the metrics protocol of metrics before that of all', () => {
    const both = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json' };
    expect(readOtelEnvironment(both).metricsProtocol).toBe('http/json');
    expect(readOtelEnvironment({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }).metricsProtocol).toBe('grpc');
  });

  it('has defaults of its own, and lets every one of them be changed', () => {
    expect(readOtelEnvironment({}).toSet).toMatchObject({ OTEL_SERVICE_NAME: 'parley', OTEL_LOGS_EXPORTER: 'none' });
    const given = { OTEL_SERVICE_NAME: 'voice', OTEL_BSP_SCHEDULE_DELAY: '5000', PATH: '/bin' };
    const { toSet } = readOtelEnvironment(given);
    expect(toSet).toMatchObject({ OTEL_SERVICE_NAME: 'voice', OTEL_BSP_SCHEDULE_DELAY: '5000' });
    expect(toSet).not.toHaveProperty('PATH');
  });

  it('leaves a service name alone that stands among the attributes', () => {
    const { toSet } = readOtelEnvironment({ OTEL_RESOURCE_ATTRIBUTES: 'a=b,service.name=voice' });
    expect(toSet).not.toHaveProperty('OTEL_SERVICE_NAME');
  });
});
