import { OtlpReceiver } from '../../simulator/trace/otlp-receiver.js';
import { freePorts } from '../../simulator/cluster/free-ports.js';
import { RedisServer } from '../support/redis-server.js';
import { type LocalPod, LocalPods } from './support/local-pods.js';
import { type Manifests } from './support/manifests.js';
import { rendering } from './support/render.js';
import { describeWithHelm } from './support/tools.js';

const LISTENS = 'Parley listens';
/** A call of three turns in real time, and a machine that does other things too. */
const CALL_LIMIT_MS = 90_000;

describeWithHelm('the try-out, its pods run as processes of this machine', () => {
  let pods: LocalPods;
  let valkey: RedisServer;
  let jaeger: OtlpReceiver;
  let gateways: LocalPod[];

  beforeAll(async () => {
    const manifests = await rendering('try-out-values.yaml');
    pods = new LocalPods(manifests);
    await pods.choosePorts();
    valkey = await RedisServer.start({ port: pods.port('valkey', 6379), args: valkeyArguments(manifests) });
    jaeger = await OtlpReceiver.start(pods.port('jaeger', 4318));
    pods.start('Deployment parley-simulator');
    gateways = await twoGateways();
  }, 30_000);

  afterAll(async () => {
    await pods.close();
    await jaeger.close();
    await valkey.close();
  });

  /** Both behind what stands for the Service: the call's webhooks and its media stream come to whichever is next. */
  async function twoGateways(): Promise<LocalPod[]> {
    const own = await freePorts(4);
    const started = [0, 1].map((index) =>
      pods.start('Deployment parley', {
        POD_NAME: `parley-${index}`,
        POD_UID: `uid-${index}`,
        PORT: String(own[2 * index]),
        MANAGEMENT_PORT: String(own[2 * index + 1]),
        // Jaeger takes protobuf; what stands for it here reads JSON.
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_BSP_SCHEDULE_DELAY: '100',
      }),
    );
    await Promise.all(started.map((gateway) => gateway.says(LISTENS)));
    await pods.balance('gateway', 6000, [own[0] ?? 0, own[2] ?? 0]);
    await pods.balance('gateway', 8081, [own[1] ?? 0, own[3] ?? 0]);
    return started;
  }

  it('`helm test` finds the gateway well: what a stranger gets, and what Telnyx gets', async () => {
    const test = pods.start('Pod parley-test');
    expect([await test.ended, test.output]).toEqual([0, expect.not.stringContaining('FAILED')]);
    expect(test.output.match(/^ok /gm)).toHaveLength(7);
  });

  it('`helm test` fails where it is not the gateway that answers', async () => {
    const [script = '', , management = ''] = pods.argumentsOf('Pod parley-test');
    const test = pods.start('Pod parley-test', {}, ['charts/parley/files/test-gateway.mjs', management, management]);
    expect(script).toBe('/etc/parley-test/gateway.mjs');
    expect(await test.ended).toBe(1);
    expect(test.output).toContain('FAILED a webhook without a signature is refused');
  });

  it(
    '`helm test` plays a whole signed call, and its trace comes to Jaeger',
    async () => {
      const call = pods.start('Pod parley-test-call');
      expect([await call.ended, call.output]).toEqual([0, expect.stringMatching(/1 call/)]);
      const summary = await jaeger.waitFor(({ name }) => name === 'call.summary', 15_000);
      expect(summary?.resource).toMatchObject({ 'k8s.namespace.name': 'parley', 'service.name': 'parley' });
      const trace = jaeger.trace(summary?.traceId ?? '');
      // The greeting, and an answer to each thing that the caller says.
      expect(trace.filter(({ name }) => name === 'turn').length).toBeGreaterThanOrEqual(2);
    },
    CALL_LIMIT_MS,
  );

  it('the pods leave when they are told to', async () => {
    expect(await Promise.all(gateways.map((gateway) => gateway.stop('SIGTERM')))).toEqual([0, 0]);
  });
});

/** Those of the rendering: a server that does not know one does not start. */
function valkeyArguments(manifests: Manifests): string[] {
  const { command, args } = manifests.get('Deployment', 'parley-valkey').spec?.template.spec?.containers[0] ?? {};
  expect(command).toEqual(['valkey-server']);
  return args ?? [];
}
