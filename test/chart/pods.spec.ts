import { type V1Container } from '@kubernetes/client-node';
import { doubles, type Manifests, type PodTemplate, selects } from './support/manifests.js';
import { CI_VALUES, LEAST, render, rendering } from './support/render.js';
import { restrictedMistakes } from './support/restricted.js';
import { describeWithHelm } from './support/tools.js';

const containersOf = ({ spec }: PodTemplate): V1Container[] => [...(spec.initContainers ?? []), ...spec.containers];

function portNamesOf(pod: PodTemplate): string[] {
  return containersOf(pod).flatMap(({ ports = [] }) => ports.map(({ name }) => name ?? ''));
}

describeWithHelm('the pods of every values file of ci/', () => {
  async function eachPod(file: string): Promise<PodTemplate[]> {
    const { pods } = await rendering(file);
    // At least the gateway, and what `helm test` starts.
    expect(pods.length).toBeGreaterThanOrEqual(2);
    return pods;
  }

  it.each(CI_VALUES)('%s: no name stands twice in a list, which server-side apply would refuse', async (file) => {
    for (const pod of await eachPod(file)) {
      const containers = containersOf(pod);
      expect(doubles(containers.map(({ name }) => name))).toEqual([]);
      expect(doubles((pod.spec.volumes ?? []).map(({ name }) => name))).toEqual([]);
      expect(doubles(portNamesOf(pod))).toEqual([]);
      for (const { env = [], ports = [], volumeMounts = [] } of containers) {
        expect(doubles(env.map(({ name }) => name))).toEqual([]);
        expect(doubles(ports.map(({ containerPort, protocol }) => `${containerPort} ${protocol}`))).toEqual([]);
        expect(doubles(volumeMounts.map(({ mountPath }) => mountPath))).toEqual([]);
      }
    }
  });

  it.each(CI_VALUES)('%s: what is mounted is there, and what is there is mounted', async (file) => {
    for (const pod of await eachPod(file)) {
      const mounted = containersOf(pod).flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
      const volumes = (pod.spec.volumes ?? []).map(({ name }) => name);
      expect([...new Set(mounted)].sort()).toEqual(volumes.sort());
    }
  });

  it.each(CI_VALUES)('%s: what comes from the chart’s own Secrets and ConfigMaps is in them', async (file) => {
    const manifests = await rendering(file);
    for (const { spec } of manifests.pods) {
      for (const { projected, configMap, secret } of spec.volumes ?? []) {
        const sources = [
          ...(projected?.sources ?? []).map((source) => source.secret),
          secret && { name: secret.secretName, items: secret.items },
        ];
        for (const source of sources) {
          const own = manifests.of('Secret').find(({ metadata }) => metadata.name === source?.name);
          for (const { key } of own ? (source?.items ?? []) : []) expect(Object.keys(own?.data ?? {})).toContain(key);
        }
        if (configMap?.name?.startsWith('parley')) expect(manifests.names).toContain(`ConfigMap ${configMap.name}`);
      }
    }
  });

  it.each(CI_VALUES)('%s: probes name a port of their container', async (file) => {
    for (const pod of await eachPod(file)) {
      for (const { ports = [], startupProbe, livenessProbe, readinessProbe } of containersOf(pod)) {
        for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
          const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port;
          if (port !== undefined) expect(ports.map(({ name }) => name)).toContain(port);
        }
      }
    }
  });

  it.each(CI_VALUES)('%s: the restricted Pod Security Standard holds, without a token', async (file) => {
    for (const pod of await eachPod(file)) {
      expect(restrictedMistakes(pod)).toEqual([]);
      expect(pod.spec.automountServiceAccountToken).toBe(false);
      expect(pod.spec.enableServiceLinks).toBe(false);
      // Those that users bring are theirs.
      const own = containersOf(pod).filter(({ name }) => !['watcher', 'wait'].includes(name));
      for (const { securityContext } of own) expect(securityContext?.readOnlyRootFilesystem).toBe(true);
    }
  });

  it.each(CI_VALUES)('%s: every selector finds the pods it is for, and no others', async (file) => {
    const manifests = await rendering(file);
    for (const { metadata, spec } of manifests.of('Deployment')) {
      expect(selects(spec?.selector.matchLabels, spec?.template.metadata?.labels ?? {})).toBe(true);
      expect(podsFor(manifests, spec?.selector.matchLabels)).toEqual([`Deployment ${metadata.name}`]);
    }
    for (const { metadata, spec } of manifests.of('Service')) {
      const found = manifests.pods.filter(({ labels }) => selects(spec?.selector, labels));
      const components = new Set(found.map(({ labels }) => labels['app.kubernetes.io/component']));
      expect([metadata.name, components.size]).toEqual([metadata.name, 1]);
      for (const { targetPort } of spec?.ports ?? []) {
        for (const pod of found) expect(portNamesOf(pod)).toContain(targetPort);
      }
    }
    for (const { spec } of manifests.of('PodDisruptionBudget')) {
      expect(podsFor(manifests, spec?.selector?.matchLabels)).toEqual(['Deployment parley']);
    }
    for (const { spec } of manifests.of('NetworkPolicy')) {
      expect(podsFor(manifests, spec?.podSelector?.matchLabels).length).toBeGreaterThan(0);
    }
    for (const { topologySpreadConstraints = [] } of manifests.pods.map(({ spec }) => spec)) {
      for (const { labelSelector } of topologySpreadConstraints) {
        expect(podsFor(manifests, labelSelector?.matchLabels)).toEqual(['Deployment parley']);
      }
    }
  });

  it.each(CI_VALUES)(
    '%s: a pod has time for its drain, and every rollout starts a pod before it takes one',
    async (file) => {
      const manifests = await rendering(file);
      const { spec } = manifests.gatewayPod;
      const { DRAIN_DEADLINE = '' } = manifests.env;
      const sleepS = manifests.gateway.lifecycle?.preStop?.sleep?.seconds ?? 0;
      expect(sleepS).toBeGreaterThan(0);
      expect(spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(Number(DRAIN_DEADLINE) + sleepS + 60);
      const strategy = manifests.get('Deployment').spec?.strategy?.rollingUpdate;
      expect(strategy?.maxUnavailable).toBe(0);
      expect([0, '0%']).not.toContain(strategy?.maxSurge);
    },
  );
});

function podsFor(manifests: Manifests, labels: Record<string, string> | undefined): string[] {
  return manifests.pods.filter((pod) => selects(labels, pod.labels)).map(({ where }) => where);
}

describeWithHelm('the pod', () => {
  it('runs nothing but the image’s command, asks for probes on the management port, and needs no place to write', async () => {
    const { gateway, gatewayPod } = await render({ values: LEAST });
    expect(gateway.command).toBeUndefined();
    expect(gateway.args).toBeUndefined();
    expect(gateway.image).toMatch(/^ghcr\.io\/parley-voice\/parley:\d/);
    expect(
      [gateway.livenessProbe, gateway.startupProbe, gateway.readinessProbe].map((probe) => probe?.httpGet?.path),
    ).toEqual(['/livez', '/livez', '/readyz']);
    expect(gateway.readinessProbe?.httpGet?.port).toBe('management');
    expect((gatewayPod.spec.volumes ?? []).filter(({ emptyDir, hostPath }) => emptyDir ?? hostPath)).toEqual([]);
    expect(gateway.resources?.limits).toEqual({ memory: '768Mi' });
  });

  it('mounts secrets as files that are re-read: a projected volume, never by subPath, for its group only', async () => {
    const { gateway, gatewayPod, env } = await render({ values: LEAST });
    const secrets = gatewayPod.spec.volumes?.find(({ name }) => name === 'secrets')?.projected;
    expect(secrets?.defaultMode).toBe(0o440);
    expect(gatewayPod.spec.securityContext?.fsGroup).toBe(65532);
    expect(gateway.volumeMounts?.map(({ subPath, readOnly }) => [subPath, readOnly])).toEqual([[undefined, true]]);
    expect(gateway.env?.filter(({ valueFrom }) => valueFrom?.secretKeyRef)).toEqual([]);
    expect(env['OPENAI_API_KEY_FILE']).toBe('/run/secrets/parley/OPENAI_API_KEY');
  });

  it('is named by digest where there is one, from a mirror where there is one', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const values = {
      ...LEAST,
      image: { digest, tag: 'not-this' },
      global: { imageRegistry: 'mirror.example.com' },
      valkey: { enabled: true },
      jaeger: { enabled: true },
    };
    const manifests = await render({ values });
    expect(manifests.gateway.image).toBe(`mirror.example.com/parley-voice/parley@${digest}`);
    const images = manifests.pods.flatMap(({ spec }) => spec.containers.map(({ image }) => image ?? ''));
    expect(images.filter((image) => !image.startsWith('mirror.example.com/'))).toEqual([]);
  });

  it('can leave the user to the platform, as OpenShift wants it', async () => {
    const podSecurityContext = { runAsUser: null, runAsGroup: null, fsGroup: null };
    const { gatewayPod } = await render({ values: { ...LEAST, podSecurityContext } });
    expect(gatewayPod.spec.securityContext).toEqual({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  });

  it.each([
    ['with a short name', 'p', undefined, 'p-parley'],
    ['that is called like the chart', 'my-parley-2', undefined, 'my-parley-2'],
    ['with a long name', 'r'.repeat(53), undefined, 'r'.repeat(37)],
    ['with a name of its own', 'x', 'phone', 'phone'],
  ])('belongs to a release %s', async (_what, release, fullnameOverride, name) => {
    const everything = {
      ...LEAST,
      secret: {},
      simulator: { enabled: true },
      valkey: { enabled: true },
      jaeger: { enabled: true },
    };
    const manifests = await render({ release, values: { ...everything, fullnameOverride: fullnameOverride ?? '' } });
    expect(manifests.get('Deployment', name).spec?.template).toBeDefined();
    // Kubernetes adds eleven characters to a CronJob's name; of others the pods are what has a long one.
    const limit = (kind: string): number => (kind === 'CronJob' ? 52 : 63);
    expect(manifests.all.filter(({ kind, metadata }) => metadata.name.length > limit(kind))).toEqual([]);
  });
});
