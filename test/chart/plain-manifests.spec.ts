import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { problemsOf } from './support/check.js';
import { doubles, type Manifest, type Manifests } from './support/manifests.js';
import { CHART, helm, NAMESPACE, parsed } from './support/render.js';
import { restrictedMistakes } from './support/restricted.js';
import { describeWithKubectl, KUBECTL } from './support/tools.js';

const OVERLAYS = ['try-out', 'production', 'my-cluster'];
const SAMPLES = ['argo-cd', 'flux', 'opentelemetry'].flatMap((folder) =>
  readdirSync(join('k8s', folder)).map((name) => join('k8s', folder, name)),
);

function kustomized(folder: string): Manifests {
  return parsed(execFileSync(KUBECTL ?? 'kubectl', ['kustomize', join('k8s', folder)], { encoding: 'utf8' }));
}

/** What Helm installs from the values that an overlay is made from, without what says that it was Helm. */
async function installed(values: string): Promise<Manifests> {
  const { output } = await helm([
    'template',
    'parley',
    CHART,
    '--namespace',
    NAMESPACE,
    '--no-hooks',
    '--values',
    join('k8s/values', values),
  ]);
  const manifests = parsed(output);
  for (const { metadata } of manifests.all) {
    delete metadata.labels?.['helm.sh/chart'];
    delete metadata.labels?.['app.kubernetes.io/managed-by'];
  }
  return manifests;
}

function byName({ all }: Manifests): Record<string, Manifest> {
  const own = all.filter(({ kind }) => kind !== 'Namespace');
  return Object.fromEntries(own.map((object) => [`${object.kind} ${object.metadata.name}`, object]));
}

describeWithKubectl('the plain manifests', () => {
  it('are what the chart renders now', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/k8s/render.mjs', '--check'], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  it.each([
    ['base', 'base.yaml'],
    ['overlays/try-out', 'try-out.yaml'],
    ['overlays/production', 'production.yaml'],
  ])('%s is, object by object, what Helm installs from the same values', async (folder, values) => {
    expect(byName(kustomized(folder))).toEqual(byName(await installed(values)));
  });

  it.each(['base', ...OVERLAYS.map((name) => `overlays/${name}`)])('%s is what the API server takes', (folder) => {
    const { all, pods, names } = kustomized(folder);
    expect(problemsOf(all)).toEqual([]);
    expect(doubles(names)).toEqual([]);
    expect(pods.flatMap(restrictedMistakes)).toEqual([]);
    const namespace = all.find(({ kind }) => kind === 'Namespace')?.metadata;
    expect(namespace?.labels?.['pod-security.kubernetes.io/enforce']).toBe('restricted');
    expect(
      new Set(all.map(({ kind, metadata }) => (kind === 'Namespace' ? metadata.name : metadata.namespace))),
    ).toEqual(new Set([NAMESPACE]));
  });

  it('the overlay to be copied puts its own in place of the examples, and doubles nothing', () => {
    const manifests = kustomized('overlays/my-cluster');
    const text = JSON.stringify(manifests.all);
    expect(text).not.toMatch(/voice\.example\.com|redis\.redis|ghcr\.io/);
    expect(manifests.env).toMatchObject({
      REDIS_URL: 'rediss://redis.example.com:6380',
      INSTRUCTIONS: 'You take bookings for a small restaurant.',
      MAX_CALLS: '100',
    });
    expect(doubles((manifests.gateway.env ?? []).map(({ name }) => name))).toEqual([]);
    expect(manifests.gateway.image).toBe('registry.example.com/parley:0.1.0');
    expect(manifests.get('Deployment').spec?.replicas).toBe(5);
    const redis = manifests
      .get('NetworkPolicy')
      .spec?.egress?.filter(({ ports }) => ports?.some(({ port }) => port === 6380));
    expect(redis).toHaveLength(1);
    expect(text).not.toContain('"port":6379');
  });
});

describe('the samples', () => {
  it.each(SAMPLES)('%s is what its API takes', (path) => {
    const { all } = parsed(readFileSync(path, 'utf8'));
    expect(all.length).toBeGreaterThan(0);
    expect(problemsOf(all)).toEqual([]);
  });

  const chart = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as { version: string };

  it('install the chart’s version, and let scalers have the number of pods', () => {
    const argo = readFileSync('k8s/argo-cd/application.yaml', 'utf8');
    expect(argo).toContain(`targetRevision: ${chart.version}\n`);
    expect(argo).toContain('- /spec/replicas');
    const flux = readFileSync('k8s/flux/helmrelease.yaml', 'utf8');
    expect(flux).toContain('paths: [/spec/replicas]');
    expect(readFileSync('k8s/flux/ocirepository.yaml', 'utf8')).toContain(
      `semver: ${chart.version.split('.').slice(0, 2).join('.')}.x\n`,
    );
  });

  it('the collector sends to Jaeger nothing but traces, and limits its memory before all else', () => {
    const manifests = parsed(readFileSync('k8s/opentelemetry/collector.yaml', 'utf8'));
    const config = parse(manifests.get('ConfigMap', 'otel-collector').data?.['collector.yaml'] ?? '') as Collector;
    const { traces, metrics, ...more } = config.service.pipelines;
    expect(more).toEqual({});
    expect(traces?.exporters).toEqual(['otlp_grpc/jaeger']);
    expect(metrics?.exporters).toEqual(['prometheus']);
    for (const pipeline of [traces, metrics]) expect(pipeline?.processors[0]).toBe('memory_limiter');
    // All that is used is described, and all that is described is used.
    const pipelines = [traces, metrics].filter((pipeline) => pipeline !== undefined);
    const used = (part: keyof Pipeline): string[] =>
      [...new Set(pipelines.flatMap((pipeline) => pipeline[part]))].sort();
    expect(used('processors')).toEqual(Object.keys(config.processors).sort());
    expect(used('exporters')).toEqual(Object.keys(config.exporters).sort());
    expect(used('receivers')).toEqual(Object.keys(config.receivers));
    expect(manifests.pods.flatMap(restrictedMistakes)).toEqual([]);
    const ports = manifests.get('Service', 'otel-collector').spec?.ports?.map(({ port }) => port);
    expect(ports).toEqual([4318, 4317, 8889]);
  });
});

interface Pipeline {
  receivers: string[];
  processors: string[];
  exporters: string[];
}
interface Collector {
  receivers: object;
  processors: object;
  exporters: object;
  service: { pipelines: Record<string, Pipeline> };
}
