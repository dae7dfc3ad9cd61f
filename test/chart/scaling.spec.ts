import { METRICS } from '../../src/telemetry/metrics/metric-table.js';
import { prometheusName } from '../../src/telemetry/metrics/prometheus-name.js';
import { selectorsOf } from '../../src/telemetry/metrics/testing/promql.js';
import { LEAST, render, type RenderOptions, rendering } from './support/render.js';
import { describeWithHelm } from './support/tools.js';

const ACTIVE = prometheusName('parley.calls.active', METRICS['parley.calls.active']);
const STATES = METRICS['parley.calls.active'].attributes.draining.values;

interface Trigger {
  metadata: { query: string; threshold: string; serverAddress: string; ignoreNullValues: string };
  authenticationRef?: { name: string };
}

interface Scaled {
  scaleTargetRef: { kind: string; name: string };
  minReplicaCount: number;
  maxReplicaCount: number;
  fallback: { behavior: string; replicas: number };
  triggers: [Trigger];
}

const keda = async (options: RenderOptions): Promise<Scaled> => {
  const manifests = await render(options);
  return manifests.oneCustom('ScaledObject').spec as unknown as Scaled;
};

describeWithHelm('the number of pods', () => {
  it('is the values’ where nothing scales, 0 too', async () => {
    const { spec } = (await render({ values: { ...LEAST, replicaCount: 0 } })).get('Deployment');
    expect(spec?.replicas).toBe(0);
    expect((await rendering('production-values.yaml')).get('Deployment').spec?.replicas).toBe(4);
  });

  it.each(['hpa-values.yaml', 'keda-values.yaml'])(
    '%s: is not said in the Deployment where something scales',
    async (file) => {
      const { spec } = (await rendering(file)).get('Deployment');
      // Server-side apply would fight with the scaler over it at every upgrade.
      expect(Object.keys(spec ?? {})).not.toContain('replicas');
    },
  );

  it('follows active calls of pods that do not drain, by an HPA', async () => {
    const { spec } = (await rendering('hpa-values.yaml')).get('HorizontalPodAutoscaler');
    expect(spec?.scaleTargetRef).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'parley' });
    const [calls, cpu] = spec?.metrics ?? [];
    expect(calls?.pods?.metric).toEqual({ name: ACTIVE, selector: { matchLabels: { draining: 'false' } } });
    expect(STATES).toContain('false');
    expect(calls?.pods?.target).toEqual({ type: 'AverageValue', averageValue: '65' });
    expect(cpu?.resource?.name).toBe('cpu');
    expect([spec?.minReplicas, spec?.maxReplicas]).toEqual([3, 30]);
  });

  it('follows them by KEDA, with room for more, and never falls for want of figures', async () => {
    const { triggers, fallback, ...spec } = await keda({ file: 'keda-values.yaml' });
    const { metadata, authenticationRef } = triggers[0];
    const [selector, ...more] = selectorsOf(metadata.query);
    expect(more).toEqual([]);
    expect(selector?.name).toBe(ACTIVE);
    const asked = new Map(selector?.matchers.map(({ label, values }) => [label, values[0] ?? '']));
    expect(asked.get('draining')).toBe('false');
    expect(asked.get('namespace')).toBe('parley');
    expect(metadata.query).toMatch(/^sum\(.*\) \+ 20$/);
    // 65 % of 150 calls.
    expect(metadata.threshold).toBe('97');
    expect(metadata.ignoreNullValues).toBe('false');
    expect(fallback).toMatchObject({ behavior: 'currentReplicasIfHigher', replicas: 2 });
    expect(spec).toMatchObject({ minReplicaCount: 2, maxReplicaCount: 40, scaleTargetRef: { name: 'parley' } });
    expect(authenticationRef).toEqual({ name: 'prometheus' });
  });

  it.each([
    ['parley-5d9c7b6f4-x2x7k', true],
    ['parley-valkey-5d9c7b6f4-x2x7k', false],
    ['other-parley-5d9c7b6f4-x2x7k', false],
  ])('counts the calls of %s: %s', async (pod, counted) => {
    const { triggers } = await keda({ file: 'keda-values.yaml' });
    const [, pattern = ''] = /pod=~"([^"]*)"/.exec(triggers[0].metadata.query) ?? [];
    // Prometheus anchors patterns at both ends.
    expect(new RegExp(`^(?:${pattern})$`).test(pod)).toBe(counted);
  });

  it('can be asked for in other words', async () => {
    const values = { keda: { query: 'sum(my_calls{release="{{ .Release.Name }}"})', callsPerPod: 12 } };
    const { triggers } = await keda({ file: 'keda-values.yaml', values });
    expect(triggers[0].metadata).toMatchObject({ query: 'sum(my_calls{release="parley"})', threshold: '12' });
  });

  it('falls by one pod a minute after ten quiet minutes, and grows at once', async () => {
    const { behavior } = (await rendering('hpa-values.yaml')).get('HorizontalPodAutoscaler').spec ?? {};
    expect(behavior?.scaleDown).toMatchObject({
      stabilizationWindowSeconds: 600,
      policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }],
    });
    expect(behavior?.scaleUp?.stabilizationWindowSeconds).toBe(0);
  });
});
