import { problemsOf } from './support/check.js';
import { doubles, type Manifests } from './support/manifests.js';
import { CHART, CI_VALUES, helm, NAMESPACE, rendering } from './support/render.js';
import { describeWithEachHelm, HELM } from './support/tools.js';

const all = (binary: string): Promise<Manifests[]> => Promise.all(CI_VALUES.map((file) => rendering(file, binary)));

describeWithEachHelm('the objects of every values file of ci/', (binary) => {
  it('are what the API server takes, without a key that it does not know', async () => {
    const renderings = await all(binary);
    expect(renderings.flatMap(({ names }) => names).length).toBeGreaterThan(100);
    expect(problemsOf(renderings.flatMap(({ all: objects }) => objects))).toEqual([]);
  });

  it('are the same with each Helm', async () => {
    const [own, other] = await Promise.all([all(binary), all(HELM ?? '')]);
    expect(own).toEqual(other);
  });

  it('have names and namespaces of their own', async () => {
    for (const { all: objects } of await all(binary)) {
      const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace} ${metadata.name}`);
      expect(doubles(names)).toEqual([]);
      expect(objects.filter(({ metadata }) => !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(metadata.name))).toEqual([]);
      // A ClientTrafficPolicy stands beside its Gateway; a PriorityClass is the whole cluster's.
      const elsewhere = objects.filter(({ metadata }) => (metadata.namespace ?? NAMESPACE) !== NAMESPACE);
      expect(elsewhere.map(({ kind }) => kind).filter((kind) => kind !== 'ClientTrafficPolicy')).toEqual([]);
    }
  });

  it.each(CI_VALUES)('%s passes helm lint --strict', async (file) => {
    const { ok, output } = await helm(
      ['lint', '--strict', CHART, '--quiet', '--namespace', NAMESPACE, '--values', `${CHART}/ci/${file}`],
      binary,
    );
    expect(output).not.toMatch(/WARN|ERROR/);
    expect(ok).toBe(true);
  });
});

describe('the check of objects', () => {
  const gateway = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'parley' },
    spec: {
      selector: { matchLabels: { app: 'parley' } },
      template: {
        metadata: { labels: { app: 'parley' } },
        spec: { containers: [{ name: 'parley', livenesProbe: {} }] },
      },
    },
  };
  const scaler = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', metadata: { name: 'parley' } };

  it.each([
    ['a key that is not known', gateway, /containers\[0\]\.livenesProbe is unknown/],
    ['a wrong type', { ...gateway, spec: { ...gateway.spec, replicas: '2' } }, /replicas must be integer/],
    ['what is missing', { ...gateway, spec: { template: gateway.spec.template } }, /required property .?selector/],
    ['a kind that nothing describes', { ...gateway, apiVersion: 'apps/v9' }, /nothing here knows/],
    ['a custom resource without its keys', { ...scaler, spec: { scaleTargetRef: {} } }, /triggers is missing/],
    ['a custom resource with others', { ...scaler, spec: { trigger: [] } }, /spec\.trigger is unknown/],
  ])('finds %s', (_what, object, sentence) => {
    expect(problemsOf([object]).join('\n')).toMatch(sentence);
  });
});
