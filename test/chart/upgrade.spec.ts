import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { type Manifest, type Manifests } from './support/manifests.js';
import { CHART, LEAST, render, rendering } from './support/render.js';
import { describeWithHelm } from './support/tools.js';

/** Of the chart as it was first given away: what an API server does not let anyone change, and what others point at. */
const FIXTURE = 'test/chart/fixtures/fixed-for-ever.json';
const FILES = ['default-values.yaml', 'production-values.yaml', 'try-out-values.yaml', 'keda-values.yaml'];

type Fixed = Record<string, unknown>;

/** What cannot be changed in an object once it is there. */
function fixedIn(manifests: Manifests, { kind, metadata: { name } }: Manifest): unknown {
  switch (kind) {
    case 'Deployment':
      return manifests.get('Deployment', name).spec?.selector;
    case 'Service': {
      const { clusterIP = 'any', selector } = manifests.get('Service', name).spec ?? {};
      return { clusterIP, selector };
    }
    case 'Secret':
      return manifests.get('Secret', name).type;
    case 'PriorityClass': {
      const { value, preemptionPolicy } = manifests.get('PriorityClass', name);
      return { value, preemptionPolicy };
    }
    default:
      return 'nothing';
  }
}

function fixed(manifests: Manifests): Fixed {
  // Those of `helm test` are made anew each time; a name with `extra` is the values' own.
  const lasting = manifests.all.filter(
    ({ metadata }) => !metadata.annotations?.['helm.sh/hook'] && !metadata.name.includes('extra'),
  );
  return Object.fromEntries(
    lasting.map((object) => [`${object.kind} ${object.metadata.name}`, fixedIn(manifests, object)]),
  );
}

/** The pod template, as an API server compares it. */
async function podTemplate(values: object, chart = CHART): Promise<unknown> {
  const manifests = await render({ values: { ...LEAST, ...values }, chart });
  return manifests.get('Deployment').spec?.template;
}

const checksum = async (values: object): Promise<string | undefined> =>
  (await render({ values: { ...LEAST, ...values } })).gatewayPod.annotations['checksum/config'];

describeWithHelm('an upgrade from the first version of the chart', () => {
  const before = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Record<string, Fixed>;

  it.each(FILES)('%s: keeps every object, its selector, and what cannot be changed', async (file) => {
    const then = before[file] ?? {};
    const now = fixed(await rendering(file));
    expect(Object.keys(then).length).toBeGreaterThan(5);
    // New objects may come. Where this fails, an upgrade would: do not change the fixture, but the chart.
    expect(Object.fromEntries(Object.keys(then).map((name) => [name, now[name]]))).toEqual(then);
  });
});

describeWithHelm('a rollout', () => {
  it('does not come of a new version of the chart alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-chart-'));
    try {
      cpSync(CHART, folder, { recursive: true });
      const path = join(folder, 'Chart.yaml');
      const about = parse(readFileSync(path, 'utf8')) as Record<string, string>;
      writeFileSync(path, stringify({ ...about, version: '9.9.9' }));
      for (const file of ['production-values.yaml', 'try-out-values.yaml']) {
        const [now, next] = await Promise.all([rendering(file), render({ file, chart: folder })]);
        const templates = (manifests: Manifests): unknown =>
          manifests.of('Deployment').map(({ spec }) => spec?.template);
        expect(templates(next)).toEqual(templates(now));
        expect(next.get('Deployment').metadata.labels?.['helm.sh/chart']).toBe('parley-9.9.9');
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('comes of new settings, texts, tools and prices, which are read at the start only', async () => {
    const now = await podTemplate({ config: { LOG_LEVEL: 'info' } });
    expect(await podTemplate({ config: { LOG_LEVEL: 'debug' } })).not.toEqual(now);
    const sums = await Promise.all([
      checksum({ files: { instructions: 'Be kind.' } }),
      checksum({ files: { instructions: 'Be brief.' } }),
      checksum({ files: { tools: { http: [] } } }),
      checksum({ files: { prices: { models: {} } } }),
    ]);
    expect(sums.every((sum) => /^[0-9a-f]{64}$/.test(sum ?? ''))).toBe(true);
    expect(new Set(sums).size).toBe(sums.length);
  });

  it('does not come of new secrets, which are read again, nor of what stands around the pods', async () => {
    const keys = { OPENAI_API_KEY: 'sk-1', TELNYX_API_KEY: 'KEY', TELNYX_PUBLIC_KEY: 'pub', STREAM_TOKEN_SECRET: 'x' };
    const secret = (key: string): object => ({
      secret: { existingSecret: '', values: { ...keys, OPENAI_API_KEY: key } },
    });
    expect(await podTemplate(secret('sk-2'))).toEqual(await podTemplate(secret('sk-1')));
    const files = { files: { instructions: 'Be kind.' } };
    const around = {
      ...files,
      commonLabels: {},
      revisionHistoryLimit: 1,
      ingress: { enabled: true, preset: 'traefik', hosts: ['a.example.com'], tls: [{ secretName: 'a' }] },
      podDisruptionBudget: { enabled: false },
      networkPolicy: { enabled: false },
      metrics: { podMonitor: { enabled: true }, dashboard: { enabled: true } },
      deploymentAnnotations: { 'example.com/owner': 'voice' },
    };
    expect(await podTemplate(around)).toEqual(await podTemplate(files));
  });

  it('keeps annotations and labels of the values beside the chart’s own', async () => {
    const { annotations, labels } = (await rendering('production-values.yaml')).gatewayPod;
    expect(annotations).toMatchObject({
      'example.com/scrape': 'no',
      'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
      'karpenter.sh/do-not-disrupt': '4h',
      'kubectl.kubernetes.io/default-container': 'parley',
    });
    expect(labels).toMatchObject({ team: 'voice', 'example.com/tier': 'edge' });
  });
});
