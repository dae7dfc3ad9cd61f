import { type Manifests } from './support/manifests.js';
import { CI_VALUES, LEAST, render, rendering } from './support/render.js';
import { describeWithHelm } from './support/tools.js';

const INGRESSES = CI_VALUES.filter((file) => file.startsWith('ingress-'));
const ROUTES = CI_VALUES.filter((file) => file.startsWith('gateway-'));

interface RouteRule {
  matches: { path: { type: string; value: string } }[];
  backendRefs: { name: string; port: number }[];
  timeouts?: object;
}

/** The container's port that a port of a Service leads to, by name. */
function targetOf(manifests: Manifests, service: string, port: number | string | undefined): unknown {
  const ports = manifests.get('Service', service).spec?.ports ?? [];
  return ports.find((one) => one.name === port || one.port === port)?.targetPort;
}

const rulesOf = (manifests: Manifests): RouteRule[] => manifests.oneCustom('HTTPRoute').spec['rules'] as RouteRule[];

const annotationsOf = async (file: string, values?: object): Promise<Record<string, string>> =>
  (await render({ file, ...(values && { values }) })).get('Ingress').metadata.annotations ?? {};

describeWithHelm('what is reached from outside', () => {
  it.each([...INGRESSES, 'production-values.yaml'])(
    '%s: three paths of the public port, and nothing else',
    async (file) => {
      const manifests = await rendering(file);
      const { spec } = manifests.get('Ingress');
      expect(spec?.defaultBackend).toBeUndefined();
      for (const { host, http } of spec?.rules ?? []) {
        expect(host).toMatch(/^voice\.example\./);
        expect(http?.paths.map(({ path, pathType }) => `${path} ${pathType}`)).toEqual([
          '/ Exact',
          '/webhooks Prefix',
          '/media-stream Prefix',
        ]);
        for (const { backend } of http?.paths ?? []) {
          const { name = '', port } = backend.service ?? {};
          expect(targetOf(manifests, name, port?.name ?? port?.number)).toBe('public');
        }
      }
    },
  );

  it.each(ROUTES)('%s: three paths of the public port, and nothing else', async (file) => {
    const manifests = await rendering(file);
    const rules = rulesOf(manifests);
    expect(rules.flatMap(({ matches }) => matches.map(({ path }) => `${path.value} ${path.type}`))).toEqual([
      '/ Exact',
      '/webhooks PathPrefix',
      '/media-stream PathPrefix',
    ]);
    for (const { backendRefs } of rules) {
      for (const { name, port } of backendRefs) expect(targetOf(manifests, name, port)).toBe('public');
    }
  });

  it.each(CI_VALUES)('%s: no Service that can be reached from outside leads to the management port', async (file) => {
    const services = (await rendering(file)).of('Service');
    const open = services.filter(({ spec }) => spec?.type !== 'ClusterIP');
    expect(open.length).toBe(file === 'load-balancer-values.yaml' ? 1 : 0);
    for (const { spec } of open) expect(spec?.ports?.map(({ targetPort }) => targetPort)).toEqual(['public']);
  });

  it('has TLS for every host, unless it is switched off by name', async () => {
    const { spec } = (await rendering('production-values.yaml')).get('Ingress');
    expect(spec?.tls).toEqual([
      { hosts: ['*.example.com'], secretName: 'voice-example-com' },
      { hosts: ['voice.example.org'], secretName: 'voice-example-org' },
    ]);
    expect((await rendering('ingress-nginx-values.yaml')).get('Ingress').spec?.tls).toEqual([
      { hosts: ['voice.example.com'], secretName: 'voice-example-com' },
    ]);
    const insecure = (await rendering('ingress-traefik-insecure-values.yaml')).get('Ingress');
    expect(insecure.spec?.tls).toBeUndefined();
    expect(insecure.metadata.annotations).toBeUndefined();
  });
});

describeWithHelm('a preset', () => {
  it.each([
    ['traefik', { 'traefik.ingress.kubernetes.io/router.entrypoints': 'websecure' }],
    ['haproxy', { 'haproxy.org/load-balance': 'leastconn', 'haproxy.org/ssl-redirect': 'true' }],
    ['haproxy-ingress', { 'haproxy-ingress.github.io/timeout-tunnel': '4000s' }],
    [
      'nginx',
      {
        'nginx.org/websocket-services': 'parley',
        'nginx.org/proxy-read-timeout': '4000s',
        'nginx.org/proxy-send-timeout': '4000s',
      },
    ],
    [
      'ingress-nginx',
      {
        'nginx.ingress.kubernetes.io/proxy-read-timeout': '4000',
        'nginx.ingress.kubernetes.io/proxy-send-timeout': '4000',
      },
    ],
    [
      'alb',
      {
        'alb.ingress.kubernetes.io/load-balancer-attributes': 'idle_timeout.timeout_seconds=4000',
        'alb.ingress.kubernetes.io/listen-ports': '[{"HTTPS":443}]',
      },
    ],
    ['gke', { 'kubernetes.io/ingress.allow-http': 'false', 'kubernetes.io/ingress.class': 'gce' }],
  ])('%s gives its controller what hour-long WebSockets need', async (preset, expected) => {
    const file = preset === 'traefik' ? 'production-values.yaml' : `ingress-${preset}-values.yaml`;
    const annotations = await annotationsOf(file);
    expect(annotations).toMatchObject(expected);
    expect(Object.values(annotations).filter((value) => typeof value !== 'string')).toEqual([]);
  });

  it('names the class of its controller, unless the values do', async () => {
    const classes = await Promise.all(
      INGRESSES.map(async (file) => (await rendering(file)).get('Ingress').spec?.ingressClassName),
    );
    expect(
      Object.fromEntries(
        INGRESSES.map((file, index) => [file.replace(/^ingress-|-values\.yaml$/g, ''), classes[index]]),
      ),
    ).toEqual({
      alb: 'alb',
      // By annotation.
      gke: undefined,
      haproxy: 'haproxy',
      'haproxy-ingress': 'haproxy',
      'ingress-nginx': 'nginx',
      istio: 'istio',
      nginx: 'nginx',
      'traefik-insecure': 'traefik',
    });
    const other = await render({ file: 'ingress-nginx-values.yaml', values: { ingress: { className: 'inside' } } });
    expect(other.get('Ingress').spec?.ingressClassName).toBe('inside');
  });

  it('gives way to the annotations of the values', async () => {
    const name = 'nginx.org/proxy-read-timeout';
    const annotations = await annotationsOf('ingress-nginx-values.yaml', {
      ingress: { annotations: { [name]: '9h' } },
    });
    expect(annotations[name]).toBe('9h');
    expect(annotations['nginx.org/proxy-send-timeout']).toBe('4000s');
  });

  it('follows proxyTimeoutSeconds everywhere', async () => {
    const values = { proxyTimeoutSeconds: 9000, config: { MAX_CALL_DURATION_S: 8000 } };
    for (const file of [...INGRESSES, ...ROUTES]) {
      const text = JSON.stringify((await render({ file, values })).all);
      // An ALB takes 4000 s at most, as idle time, and calls are never idle. The rest has no limit of its own.
      const limited = !/alb|traefik|haproxy-values/.test(file);
      expect([file, text.includes('9000')]).toEqual([file, limited]);
      if (limited) expect(text).not.toContain('4000');
    }
  });

  it('drains sockets at a cloud’s load balancer as long as a pod drains, an hour at most', async () => {
    const attributes = (await annotationsOf('ingress-alb-values.yaml'))[
      'alb.ingress.kubernetes.io/target-group-attributes'
    ];
    expect(attributes).toContain('deregistration_delay.timeout_seconds=3600');
    const values = { drain: { deadlineSeconds: 600, preStopSleepSeconds: 20 } };
    const gke = (await render({ file: 'ingress-gke-values.yaml', values })).oneCustom('BackendConfig').spec;
    expect(gke).toMatchObject({ connectionDraining: { drainingTimeoutSec: 620 }, timeoutSec: 4000 });
    const { annotations = {} } = (await rendering('ingress-gke-values.yaml')).get('Service').metadata;
    expect(JSON.parse(annotations['cloud.google.com/backend-config'] ?? '')).toEqual({ default: 'parley' });
  });

  it('of Envoy Gateway takes its limit of a request away from media streams only', async () => {
    const manifests = await rendering('gateway-envoy-values.yaml');
    expect(rulesOf(manifests).map(({ timeouts }) => timeouts)).toEqual([undefined, undefined, { request: '0s' }]);
    expect(manifests.get('Service').spec?.ports?.[0]?.appProtocol).toBe('kubernetes.io/ws');
    expect(manifests.oneCustom('ClientTrafficPolicy').metadata.namespace).toBe('gateways');
    const gke = await rendering('gateway-gke-values.yaml');
    expect(rulesOf(gke).filter(({ timeouts }) => timeouts)).toEqual([]);
  });

  it('of Istio keeps the management port out of the mesh, whichever way in', async () => {
    for (const file of ['ingress-istio-values.yaml', 'gateway-istio-values.yaml']) {
      const { annotations } = (await rendering(file)).gatewayPod;
      expect(annotations).toMatchObject({
        'traffic.sidecar.istio.io/excludeInboundPorts': '8081',
        'traffic.sidecar.istio.io/excludeOutboundPorts': '8081',
      });
    }
    expect((await render({ values: LEAST })).gatewayPod.annotations).not.toHaveProperty([
      'traffic.sidecar.istio.io/excludeInboundPorts',
    ]);
  });
});
