import { type Manifests } from './support/manifests.js';
import { type End, reaches } from './support/reachability.js';
import { LEAST, NAMESPACE, render, rendering } from './support/render.js';
import { describeWithHelm } from './support/tools.js';

const own = (component: string): End => ({
  namespace: NAMESPACE,
  labels: {
    'app.kubernetes.io/name': 'parley',
    'app.kubernetes.io/instance': 'parley',
    'app.kubernetes.io/component': component,
  },
});
const pod = (namespace: string): End => ({ namespace, labels: { app: 'any' } });
const outside = (ip: string): End => ({ ip });

const GATEWAY = own('gateway');
const STRANGER = pod(NAMESPACE);
const PUBLIC = 6000;
const MANAGEMENT = 8081;
const INTERNET = ['8.8.8.8', '162.159.140.245', '2606:4700::6812:1'].map(outside);
/** Never public: other networks, the cluster's own, and a cloud's metadata. */
const PRIVATE = ['10.96.0.1', '172.20.0.1', '192.168.1.1', '100.64.1.1', '169.254.169.254', 'fd00::1', 'fe80::1'].map(
  outside,
);

type Way = [what: string, from: End, to: End, port: number, protocol?: 'TCP' | 'UDP'];

/** The ways that are open, and those that are closed; each list is told apart by what it says. */
function waysOf(manifests: Manifests, ways: readonly Way[]): { open: string[]; closed: string[] } {
  const isOpen = ([, from, to, port, protocol = 'TCP']: Way): boolean =>
    reaches(manifests, { from, to, port, protocol });
  const named = (found: readonly Way[]): string[] => found.map(([what]) => what);
  return { open: named(ways.filter(isOpen)), closed: named(ways.filter((way) => !isOpen(way))) };
}

const all = (what: string, ends: readonly End[], port: number): Way[] =>
  ends.map((to, index) => [`${what} ${index}`, GATEWAY, to, port]);

function expectOpen(manifests: Manifests, ways: readonly Way[]): void {
  expect(waysOf(manifests, ways).closed).toEqual([]);
}

function expectClosed(manifests: Manifests, ways: readonly Way[]): void {
  expect(waysOf(manifests, ways).open).toEqual([]);
}

describeWithHelm('the network policy', () => {
  it('lets webhooks and media streams in from what the values name, and health and metrics from few', async () => {
    const manifests = await rendering('production-values.yaml');
    expectOpen(manifests, [
      ['ingress', pod('traefik'), GATEWAY, PUBLIC],
      ['helm test', own('test'), GATEWAY, PUBLIC],
      ['helm test, health', own('test'), GATEWAY, MANAGEMENT],
      ['another gateway', GATEWAY, GATEWAY, MANAGEMENT],
      ['Prometheus', pod('monitoring'), GATEWAY, MANAGEMENT],
    ]);
    expectClosed(manifests, [
      ['a neighbour', STRANGER, GATEWAY, PUBLIC],
      ['another namespace', pod('shop'), GATEWAY, PUBLIC],
      ['the Internet', outside('8.8.8.8'), GATEWAY, PUBLIC],
      ['ingress, health', pod('traefik'), GATEWAY, MANAGEMENT],
      ['a neighbour, health', STRANGER, GATEWAY, MANAGEMENT],
      ['the Internet, health', outside('8.8.8.8'), GATEWAY, MANAGEMENT],
      ['Prometheus, public', pod('monitoring'), GATEWAY, PUBLIC],
      ['another port', pod('traefik'), GATEWAY, 9229],
      ['UDP', pod('traefik'), GATEWAY, PUBLIC, 'UDP'],
    ]);
  });

  it('lets anyone to the public port where the values do not say who, and still nobody to the other', async () => {
    const manifests = await rendering('default-values.yaml');
    expectOpen(manifests, [
      ['the Internet', outside('8.8.8.8'), GATEWAY, PUBLIC],
      ['another namespace', pod('traefik'), GATEWAY, PUBLIC],
    ]);
    expectClosed(manifests, [
      ['the Internet', outside('8.8.8.8'), GATEWAY, MANAGEMENT],
      ['another namespace', pod('traefik'), GATEWAY, MANAGEMENT],
    ]);
  });

  it('lets out DNS, 443 of public addresses, other pods, Redis, the collector, and what the values add', async () => {
    const manifests = await rendering('production-values.yaml');
    expectOpen(manifests, [
      ['DNS', GATEWAY, pod('kube-system'), 53, 'UDP'],
      ['DNS by TCP', GATEWAY, pod('kube-system'), 53],
      ['NodeLocal DNS', GATEWAY, outside('169.254.20.10'), 53, 'UDP'],
      ...all('OpenAI and Telnyx', INTERNET, 443),
      ['another gateway', GATEWAY, GATEWAY, MANAGEMENT],
      ['Redis', GATEWAY, outside('10.20.30.40'), 6379],
      ['the collector', GATEWAY, pod('observability'), 4318],
      ['the collector by gRPC', GATEWAY, pod('observability'), 4317],
      ['a private REPORT_URL', GATEWAY, outside('10.20.40.7'), 8443],
    ]);
    expectClosed(manifests, [
      ...all('private', PRIVATE, 443),
      ...all('in the clear', INTERNET, 80),
      ['a neighbour', GATEWAY, STRANGER, 443],
      ['the public port of another', GATEWAY, GATEWAY, PUBLIC],
      ['DNS elsewhere', GATEWAY, outside('8.8.8.8'), 53, 'UDP'],
      ['the API server', GATEWAY, pod('default'), 6443],
      ['beside Redis', GATEWAY, outside('10.20.30.41'), 6379],
      ['another port of Redis', GATEWAY, outside('10.20.30.40'), 22],
      ['beside the collector', GATEWAY, pod('observability'), 9090],
    ]);
  });

  it('of what comes along for trying out opens each to the gateway only', async () => {
    const manifests = await rendering('try-out-values.yaml');
    const openings: Way[] = [
      ['Valkey', GATEWAY, own('valkey'), 6379],
      ['Jaeger', GATEWAY, own('jaeger'), 4318],
      ['the model', GATEWAY, own('simulator'), 7001],
      ['Telnyx', GATEWAY, own('simulated-call'), 7000],
    ];
    expectOpen(manifests, [...openings, ['a simulated call', own('simulated-call'), GATEWAY, PUBLIC]]);
    expectClosed(
      manifests,
      openings.map(([what, , to, port]): Way => [what, STRANGER, to, port]),
    );
    expectClosed(manifests, [
      ['a simulated call, health', own('simulated-call'), GATEWAY, MANAGEMENT],
      ['Valkey out', own('valkey'), outside('8.8.8.8'), 443],
      ['Jaeger out', own('jaeger'), outside('8.8.8.8'), 443],
      ['the model out', own('simulator'), GATEWAY, PUBLIC],
      ['Jaeger’s page', GATEWAY, own('jaeger'), 16686],
    ]);
  });

  it('lets the simulated call in too where the public port is closed', async () => {
    const publicFrom = [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'traefik' } } }];
    const manifests = await render({ file: 'try-out-values.yaml', values: { networkPolicy: { publicFrom } } });
    expectOpen(manifests, [['a simulated call', own('simulated-call'), GATEWAY, PUBLIC]]);
    expectClosed(manifests, [['a neighbour', STRANGER, GATEWAY, PUBLIC]]);
  });

  it('follows the ports of the values, and can be switched off', async () => {
    const ports = { public: 7443, management: 9081 };
    const manifests = await render({ values: { ...LEAST, ports } });
    expectOpen(manifests, [['another gateway', GATEWAY, GATEWAY, 9081]]);
    expectClosed(manifests, [['another gateway', GATEWAY, GATEWAY, MANAGEMENT]]);
    expect((await rendering('inline-secret-values.yaml')).of('NetworkPolicy')).toEqual([]);
  });
});
