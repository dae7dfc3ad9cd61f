import { type LoadedConfig, loadConfig } from '../../src/config/load-config.js';
import { environmentOf, filesOf } from './support/kubelet.js';
import { type Manifests } from './support/manifests.js';
import { CI_VALUES, LEAST, render, rendering } from './support/render.js';
import { describeWithHelm } from './support/tools.js';

const PUBLIC_KEY = 'IRZWFB8QxOPzooCNx0a1y+9lAw+GGXeS0BOXm1mJIWM=';
const KEYS = {
  OPENAI_API_KEY: 'sk-of-a-secret',
  TELNYX_API_KEY: 'KEY-of-a-secret',
  TELNYX_PUBLIC_KEY: PUBLIC_KEY,
  STREAM_TOKEN_SECRET: 'at-least-thirty-two-characters-long',
};
/** What the Secrets that the values files name would hold. */
const SECRETS: Record<string, string> = {
  ...Object.fromEntries(Object.entries(KEYS).map(([name, text]) => [`parley-keys/${name}`, text])),
  // Made by the External Secrets Operator.
  ...Object.fromEntries(Object.entries(KEYS).map(([name, text]) => [`parley/${name}`, text])),
  'parley-keys/openai': KEYS.OPENAI_API_KEY,
  'parley-keys/report': 'a-secret-that-signs-reports-of-calls',
  'parley-keys/shop': 'shop-token',
  'redis-credentials/url': 'rediss://redis.example.com:6380',
  'redis-credentials/password': 'hush',
  'redis-credentials/ca.crt': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
};

/** The configuration that the gateway's process would read in a pod of this rendering. */
function configurationOf(manifests: Manifests): LoadedConfig {
  const { gateway, gatewayPod } = manifests;
  const files = filesOf(gatewayPod.spec, gateway, manifests, SECRETS);
  const readFile = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' });
    return text;
  };
  return loadConfig(environmentOf(gateway), { readFile });
}

describeWithHelm('the gateway takes what the chart gives it', () => {
  it.each(CI_VALUES)('%s: every setting, secret and file', async (file) => {
    const { config, warnings, secretFiles } = configurationOf(await rendering(file));
    expect(config.pod).toMatchObject({ name: expect.stringContaining('parley-') as string, ip: '10.1.2.3' });
    expect(secretFiles.length).toBeGreaterThanOrEqual(3);
    // A wrong or unused name would be a warning. What travels in the clear here is the simulator's.
    const expected = file === 'try-out-values.yaml' ? /is not encrypted/ : /^nothing$/;
    expect(warnings.filter((warning) => !expected.test(warning))).toEqual([]);
  });

  it('tools, prices, instructions, secrets of tools and of Redis', async () => {
    const { config } = configurationOf(await rendering('production-values.yaml'));
    expect(config.tools.http.map(({ name }) => name)).toEqual(['find_order']);
    expect(config.assistant.instructions).toContain('Say "the kitchen closes at ten" when asked.');
    expect(config.redis?.url?.value).toBe('rediss://redis.example.com:6380');
    expect(config.redis?.password?.value).toBe('hush');
    expect(config.report?.url.toString()).toContain('crm.internal.example.com:8443');
    expect(config.limits.maxCalls).toBe(200);
  });

  it('the drain as the values say, and its hand-over where there are others to hand over to', async () => {
    const drain = { handoverAfterSeconds: 60, deadlineSeconds: 900 };
    const alone = configurationOf(await render({ values: { ...LEAST, drain } }));
    expect(alone.config.drain.deadlineMs).toBe(900_000);
    expect(alone.warnings).toEqual([]);
    const shared = configurationOf(await render({ values: { ...LEAST, drain, valkey: { enabled: true } } }));
    expect(shared.config.drain).toEqual({ handoverAfterMs: 60_000, deadlineMs: 900_000 });
    expect(shared.config.redis?.url?.value).toBe('redis://parley-valkey:6379');
  });
});

describeWithHelm('a variable', () => {
  const env = async (values: object, args?: readonly string[]): Promise<Record<string, string>> =>
    environmentOf((await render({ values: { ...LEAST, ...values }, ...(args && { args }) })).gateway);

  it('of extraEnv wins over config, and over the chart’s own', async () => {
    const found = await env({
      config: { LOG_LEVEL: 'info' },
      telemetry: { otlpEndpoint: 'https://otlp.example.com' },
      extraEnv: [
        { name: 'LOG_LEVEL', value: 'debug' },
        { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: 'https://other.example.com' },
      ],
    });
    expect(found['LOG_LEVEL']).toBe('debug');
    expect(found['OTEL_EXPORTER_OTLP_ENDPOINT']).toBe('https://other.example.com');
  });

  it('of config wins over what the chart makes of other values', async () => {
    const found = await env({
      telemetry: { otlpEndpoint: 'https://otlp.example.com' },
      config: { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://mine.example.com' },
    });
    expect(found['OTEL_EXPORTER_OTLP_ENDPOINT']).toBe('https://mine.example.com');
  });

  it('replaces its other form: a value takes the place of a file, and a file that of a value', async () => {
    const value = await env({ extraEnv: [{ name: 'OPENAI_API_KEY', value: 'sk-here' }] });
    expect(value).toMatchObject({ OPENAI_API_KEY: 'sk-here' });
    expect(Object.keys(value)).not.toContain('OPENAI_API_KEY_FILE');
    const file = await env({
      config: { INSTRUCTIONS: 'Short.' },
      extraEnv: [{ name: 'INSTRUCTIONS_FILE', value: '/mnt/long.txt' }],
    });
    expect(file).toMatchObject({ INSTRUCTIONS_FILE: '/mnt/long.txt' });
    expect(Object.keys(file)).not.toContain('INSTRUCTIONS');
  });

  it('of extraEnv may refer to those of the pod, and one of config to nothing at all', async () => {
    const found = await env({
      config: { GREETING: 'You pay $(POD_IP), or $$(2)?' },
      extraEnv: [{ name: 'OTEL_SERVICE_NAME', value: 'parley-$(K8S_NAMESPACE_NAME)' }],
    });
    expect(found['GREETING']).toBe('You pay $(POD_IP), or $$(2)?');
    expect(found['OTEL_SERVICE_NAME']).toBe('parley-parley');
  });

  it('says where a span comes from, before what config adds', async () => {
    const found = await env({ config: { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=staging' } });
    expect(found['OTEL_RESOURCE_ATTRIBUTES']).toBe(
      'k8s.namespace.name=parley,k8s.node.name=node-1,deployment.environment.name=staging',
    );
  });

  const FORMS = { GREETING_PROTECTED: 'on', OTEL_SDK_DISABLED: 'true', VAD_THRESHOLD: '0.6', MAX_CALLS: '10000' };
  it('is the same text however YAML takes it: on, true, 0.6, and numbers of any size', async () => {
    const config = { GREETING_PROTECTED: true, OTEL_SDK_DISABLED: true, VAD_THRESHOLD: 0.6, MAX_CALLS: 10000 };
    expect(await env({ config: { ...config, OTEL_BSP_MAX_QUEUE_SIZE: 1000000 } })).toMatchObject({
      ...FORMS,
      OTEL_BSP_MAX_QUEUE_SIZE: '1000000',
    });
  });

  it('is the same text when it comes by --set', async () => {
    const set = Object.entries({ ...FORMS, GREETING_PROTECTED: 'true', OTEL_BSP_MAX_QUEUE_SIZE: '1000000' });
    const found = await env(
      {},
      set.flatMap(([name, text]) => ['--set', `config.${name}=${text}`]),
    );
    expect(found).toMatchObject({ ...FORMS, OTEL_BSP_MAX_QUEUE_SIZE: '1000000' });
  });

  it('whose value is taken away with null is not there', async () => {
    const found = await env({ config: { LOG_LEVEL: null } });
    expect(Object.keys(found)).not.toContain('LOG_LEVEL');
  });
});
