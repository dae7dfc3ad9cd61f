import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { selects } from './support/manifests.js';
import { LEAST, render, rendering } from './support/render.js';
import { describeWithHelm } from './support/tools.js';

interface Monitor {
  selector: { matchLabels: Record<string, string> };
  namespaceSelector: { matchNames: string[] };
  podMetricsEndpoints?: Endpoint[];
  endpoints?: Endpoint[];
}
interface Endpoint {
  port: string;
  path: string;
  interval: string;
  scrapeTimeout?: string;
}

interface Rules {
  groups: { rules: { alert?: string; for?: string }[] }[];
}

const drainAlert = ({ groups }: Rules): Rules['groups'][0]['rules'][0] | undefined =>
  groups.flatMap(({ rules }) => rules).find(({ alert }) => alert === 'ParleyDrainingLong');

/** How long a drain may take depends on the release. */
function withoutTime(rules: Rules): Rules {
  delete drainAlert(rules)?.for;
  return rules;
}

describeWithHelm('monitoring', () => {
  it('the dashboard is the one of the chart, whole, where Grafana’s sidecar looks', async () => {
    const { data, metadata } = (await rendering('production-values.yaml')).get('ConfigMap', 'parley-dashboard');
    const own = JSON.parse(readFileSync('charts/parley/dashboards/parley.json', 'utf8')) as { panels: unknown[] };
    expect(own.panels.length).toBeGreaterThan(5);
    expect(JSON.parse(data?.['parley.json'] ?? '')).toEqual(own);
    expect(metadata.labels?.['grafana_dashboard']).toBe('1');
    expect(metadata.annotations).toEqual({ grafana_folder: 'Voice' });
  });

  it('the alerts are those of the chart, with Prometheus’ own templates untouched', async () => {
    const { spec, metadata } = (await rendering('production-values.yaml')).oneCustom('PrometheusRule');
    const own = parse(readFileSync('charts/parley/rules/parley.yaml', 'utf8')) as Rules;
    expect(withoutTime(spec as unknown as Rules)).toEqual(withoutTime(own));
    expect(JSON.stringify(spec)).toContain('{{ $value');
    expect(metadata.labels).toMatchObject({ release: 'prometheus' });
  });

  it('the alert for a pod that does not leave waits for as long as the chart lets it', async () => {
    const timeOf = async (drain: object): Promise<string | undefined> => {
      const values = { ...LEAST, metrics: { prometheusRule: { enabled: true } }, drain };
      return drainAlert((await render({ values })).oneCustom('PrometheusRule').spec as unknown as Rules)?.for;
    };
    // Ten minutes more than the drain itself.
    expect(await timeOf({ preStopSleepSeconds: 5, deadlineSeconds: 3600 })).toBe('4205s');
    expect(await timeOf({ preStopSleepSeconds: 10, deadlineSeconds: 14400 })).toBe('15010s');
  });

  it('a PodMonitor finds every gateway pod’s management port', async () => {
    const manifests = await rendering('production-values.yaml');
    const monitor = manifests.oneCustom('PodMonitor').spec as unknown as Monitor;
    const found = manifests.pods.filter(({ labels }) => selects(monitor.selector.matchLabels, labels));
    expect(found.map(({ where }) => where)).toEqual(['Deployment parley']);
    expect(monitor.namespaceSelector.matchNames).toEqual(['parley']);
    const [endpoint] = monitor.podMetricsEndpoints ?? [];
    expect(endpoint).toEqual({ port: 'management', path: '/metrics', interval: '15s' });
    expect(manifests.gateway.ports?.map(({ name }) => name)).toContain(endpoint?.port);
  });

  it('a ServiceMonitor finds the one Service that has pods that drain', async () => {
    const manifests = await rendering('hpa-values.yaml');
    const monitor = manifests.oneCustom('ServiceMonitor').spec as unknown as Monitor;
    const found = manifests
      .of('Service')
      .filter(({ metadata }) => selects(monitor.selector.matchLabels, metadata.labels ?? {}));
    expect(found.map(({ metadata }) => metadata.name)).toEqual(['parley-pods']);
    const [service] = found;
    expect(service?.spec).toMatchObject({ publishNotReadyAddresses: true, clusterIP: 'None' });
    expect(service?.spec?.ports?.map(({ name }) => name)).toEqual([monitor.endpoints?.[0]?.port]);
    expect(monitor.endpoints?.[0]?.scrapeTimeout).toBe('5s');
  });

  it('is off until it is asked for, and may live in a namespace of its own', async () => {
    const { names } = await render({ values: LEAST });
    expect(names.filter((name) => /Monitor|PrometheusRule|dashboard/.test(name))).toEqual([]);
    const metrics = {
      dashboard: { enabled: true, namespace: 'grafana' },
      prometheusRule: { enabled: true, namespace: 'monitoring' },
    };
    const manifests = await render({ values: { ...LEAST, metrics } });
    expect(manifests.get('ConfigMap', 'parley-dashboard').metadata.namespace).toBe('grafana');
    expect(manifests.oneCustom('PrometheusRule').metadata.namespace).toBe('monitoring');
  });

  it('traces go to the collector or to Jaeger, and metrics not to Jaeger', async () => {
    const endpoint = 'OTEL_EXPORTER_OTLP_ENDPOINT';
    const tryOut = (await rendering('try-out-values.yaml')).env;
    expect(tryOut).toMatchObject({ [endpoint]: 'http://parley-jaeger:4318', OTEL_METRICS_EXPORTER: 'none' });
    const production = (await rendering('production-values.yaml')).env;
    expect(production[endpoint]).toBe('http://collector.observability:4318');
    expect(Object.keys(production)).not.toContain('OTEL_METRICS_EXPORTER');
    expect(Object.keys((await rendering('default-values.yaml')).env)).not.toContain(endpoint);
  });
});
