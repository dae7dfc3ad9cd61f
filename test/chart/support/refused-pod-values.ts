import { least, REDIS, type Refused } from './refused.js';

const KEYS = { OPENAI_API_KEY: 'sk', TELNYX_API_KEY: 'KEY', TELNYX_PUBLIC_KEY: 'pub', STREAM_TOKEN_SECRET: 'x' };
const without = (name: keyof typeof KEYS): object => ({ secret: { values: { ...KEYS, [name]: '' } } });

const SECRETS: Refused[] = [
  { what: 'no secret', values: {}, says: 'There is no secret', names: 'secret.existingSecret' },
  {
    what: 'two places of secrets',
    values: { secret: { existingSecret: 'a', values: KEYS } },
    says: 'secrets come from one place',
    names: 'secret.existingSecret and secret.values',
  },
  {
    what: 'no key of OpenAI',
    values: without('OPENAI_API_KEY'),
    says: 'OPENAI_API_KEY is missing',
    names: 'secret.values',
  },
  {
    what: 'no key of Telnyx',
    values: without('TELNYX_API_KEY'),
    says: 'TELNYX_API_KEY is missing',
    names: 'secret.values',
  },
  {
    what: 'a Secret without Telnyx’ public key',
    values: { secret: { existingSecret: 'a', keys: { TELNYX_PUBLIC_KEY: null } } },
    says: 'TELNYX_PUBLIC_KEY is missing',
    names: 'secret.keys',
  },
  {
    what: 'a report that nobody signs',
    values: least({ config: { REPORT_URL: 'https://crm.example.com' } }),
    says: 'REPORT_SECRET is missing',
    names: 'secret.keys',
  },
  {
    what: 'Redis without a secret for tokens',
    values: { ...without('STREAM_TOKEN_SECRET'), ...REDIS },
    says: 'STREAM_TOKEN_SECRET is missing',
    names: 'secret.values',
  },
  {
    what: 'an ExternalSecret without a store',
    values: { externalSecret: { enabled: true, data: remote(KEYS) } },
    says: 'is empty',
    names: 'externalSecret.storeRef.name',
  },
  {
    what: 'an ExternalSecret without data',
    values: { externalSecret: { enabled: true, storeRef: { name: 'vault' } } },
    says: 'is empty',
    names: 'externalSecret.data',
    // Each of the three that are always needed is missed too.
    sentences: 4,
  },
];

const SETTINGS: Refused[] = [
  {
    what: 'a secret among the settings',
    values: least({ config: { OPENAI_API_KEY: 'sk' } }),
    says: 'config.OPENAI_API_KEY would stand in the pod',
    names: 'secret.existingSecret',
  },
  {
    what: 'Redis among the settings',
    values: least({ config: { REDIS_URL: 'redis://redis:6379' }, networkPolicy: { enabled: false } }),
    says: 'config.REDIS_URL would stand in the pod',
    names: 'redis.url',
  },
  {
    what: 'a port among the settings',
    values: least({ config: { PORT: 7000 } }),
    says: 'config.PORT is made by the chart',
    names: 'ports.public',
  },
  {
    what: 'what Kubernetes knows among the settings',
    values: least({ config: { POD_IP: '10.0.0.1' } }),
    says: 'config.POD_IP is made by the chart',
    names: 'config.POD_IP',
  },
  {
    what: 'a variable twice, once as a file',
    values: least({
      extraEnv: [
        { name: 'GREETING', value: 'Hi' },
        { name: 'GREETING_FILE', value: '/hi' },
      ],
    }),
    says: 'extraEnv has GREETING twice',
    names: 'extraEnv',
  },
  {
    what: 'a port among the variables',
    values: least({ extraEnv: [{ name: 'DRAIN_DEADLINE', value: '1' }] }),
    says: 'extraEnv sets DRAIN_DEADLINE',
    names: 'drain.deadlineSeconds',
  },
  {
    what: 'a port among the variables, as a file',
    values: least({ extraEnv: [{ name: 'PORT_FILE', value: '/port' }] }),
    says: 'extraEnv sets PORT',
    names: 'ports.public',
  },
  {
    what: 'instructions twice',
    values: least({ config: { INSTRUCTIONS: 'a' }, files: { instructions: 'b' } }),
    says: 'are both set',
    names: 'config.INSTRUCTIONS and files.instructions',
  },
  {
    what: 'one port for both',
    values: least({ ports: { public: 8081 } }),
    says: 'are the same',
    names: 'ports.management',
  },
];

const PODS: Refused[] = [
  {
    what: 'a grace period shorter than a drain',
    values: least({ terminationGracePeriodSeconds: 3600 }),
    says: '(3600) is shorter than a drain (3665',
    names: 'terminationGracePeriodSeconds',
  },
  {
    what: 'a hand-over after the end',
    values: least({ ...REDIS, drain: { handoverAfterSeconds: 600, deadlineSeconds: 600 } }),
    says: 'is not below drain.deadlineSeconds',
    names: 'drain.handoverAfterSeconds',
  },
  {
    what: 'two kinds of disruption budget',
    values: least({ podDisruptionBudget: { minAvailable: 0, maxUnavailable: 1 } }),
    says: 'wants one of maxUnavailable and minAvailable',
    names: 'podDisruptionBudget',
  },
  {
    what: 'a budget that keeps every pod',
    values: least({ podDisruptionBudget: { minAvailable: 1, maxUnavailable: null } }),
    says: 'is not below the number of pods (1)',
    names: 'podDisruptionBudget.minAvailable',
  },
  {
    what: 'a budget that lets no pod go',
    values: least({ podDisruptionBudget: { maxUnavailable: '0%' } }),
    says: 'no node could be drained',
    names: 'podDisruptionBudget.maxUnavailable',
  },
  {
    what: 'a rollout that cannot move',
    values: least({ updateStrategy: { maxSurge: 0, maxUnavailable: 0 } }),
    says: 'nothing could ever be rolled out',
    names: 'updateStrategy.maxSurge',
  },
  {
    what: 'a priority class without a name',
    values: least({ priorityClass: { create: true } }),
    says: 'does not say what it is called',
    names: 'priorityClassName',
  },
];

/** What concerns the pod itself: secrets, settings, how it comes and goes. */
export const REFUSED_PODS: Refused[] = [...SECRETS, ...SETTINGS, ...PODS];

function remote(keys: Record<string, string>): object {
  return Object.fromEntries(Object.keys(keys).map((name) => [name, { key: name }]));
}
