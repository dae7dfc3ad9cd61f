/**
 * The keys of the custom resources that the chart makes, as far as it uses them: their definitions come with their
 * operators, not with Kubernetes. A type's name is what its value must be; a list of one holds the type of its items;
 * `open` is passed on from values or is another object's; a key that ends in `?` may be missing.
 */
const stringMap = 'stringMap';
const port = 'integer';

const scrape = {
  port: 'string',
  path: 'string',
  'interval?': 'string',
  'scrapeTimeout?': 'string',
  'relabelings?': ['open'],
  'metricRelabelings?': ['open'],
};
const namespaceSelector = { 'matchNames?': ['string'], 'any?': 'boolean' };
const selector = { matchLabels: stringMap };
const policyTarget = { group: 'string', kind: 'string', name: 'string' };

const rule = {
  'alert?': 'string',
  'record?': 'string',
  expr: 'string',
  'for?': 'string',
  'keep_firing_for?': 'string',
  'labels?': stringMap,
  'annotations?': stringMap,
};

export const CUSTOM_RESOURCES = {
  'monitoring.coreos.com/v1 PodMonitor': {
    selector,
    'namespaceSelector?': namespaceSelector,
    podMetricsEndpoints: [scrape],
  },
  'monitoring.coreos.com/v1 ServiceMonitor': {
    selector,
    'namespaceSelector?': namespaceSelector,
    endpoints: [scrape],
  },
  'monitoring.coreos.com/v1 PrometheusRule': {
    groups: [{ name: 'string', 'interval?': 'string', rules: [rule] }],
  },
  'keda.sh/v1alpha1 ScaledObject': {
    scaleTargetRef: { 'apiVersion?': 'string', 'kind?': 'string', name: 'string' },
    minReplicaCount: 'integer',
    maxReplicaCount: 'integer',
    pollingInterval: 'integer',
    fallback: { failureThreshold: 'integer', replicas: 'integer', 'behavior?': 'string' },
    'advanced?': { horizontalPodAutoscalerConfig: { behavior: 'open' } },
    triggers: [
      {
        type: 'string',
        'metricType?': 'string',
        metadata: stringMap,
        'authenticationRef?': { name: 'string' },
      },
    ],
  },
  'gateway.networking.k8s.io/v1 HTTPRoute': {
    parentRefs: [
      {
        'group?': 'string',
        'kind?': 'string',
        name: 'string',
        'namespace?': 'string',
        'sectionName?': 'string',
        'port?': port,
      },
    ],
    'hostnames?': ['string'],
    rules: [
      {
        matches: [{ path: { type: 'string', value: 'string' } }],
        backendRefs: [{ name: 'string', port }],
        'timeouts?': { 'request?': 'string', 'backendRequest?': 'string' },
      },
    ],
  },
  'gateway.envoyproxy.io/v1alpha1 BackendTrafficPolicy': {
    targetRefs: [policyTarget],
    loadBalancer: { type: 'string' },
    timeout: { http: { streamIdleTimeout: 'string', connectionIdleTimeout: 'string' } },
  },
  'gateway.envoyproxy.io/v1alpha1 ClientTrafficPolicy': {
    targetRefs: [policyTarget],
    tcpKeepalive: { idleTime: 'string', interval: 'string', probes: 'integer' },
    timeout: { http: { idleTimeout: 'string', streamIdleTimeout: 'string' } },
  },
  'cloud.google.com/v1 BackendConfig': {
    timeoutSec: 'integer',
    connectionDraining: { drainingTimeoutSec: 'integer' },
    healthCheck: { type: 'string', requestPath: 'string', port },
  },
  'networking.gke.io/v1 GCPBackendPolicy': {
    default: { timeoutSec: 'integer', connectionDraining: { drainingTimeoutSec: 'integer' } },
    targetRef: policyTarget,
  },
  'networking.gke.io/v1 HealthCheckPolicy': {
    default: { config: { type: 'string', httpHealthCheck: { port, requestPath: 'string' } } },
    targetRef: policyTarget,
  },
  'networking.istio.io/v1 DestinationRule': {
    host: 'string',
    trafficPolicy: {
      loadBalancer: { simple: 'string' },
      connectionPool: {
        tcp: { tcpKeepalive: { time: 'string', interval: 'string', probes: 'integer' } },
        http: { idleTimeout: 'string' },
      },
    },
  },
  'external-secrets.io/v1 ExternalSecret': {
    refreshInterval: 'string',
    secretStoreRef: { kind: 'string', name: 'string' },
    target: { name: 'string', creationPolicy: 'string' },
    data: [{ secretKey: 'string', remoteRef: { key: 'string', 'property?': 'string', 'version?': 'string' } }],
  },
  'argoproj.io/v1alpha1 Application': {
    project: 'string',
    sources: [
      {
        repoURL: 'string',
        'chart?': 'string',
        targetRevision: 'string',
        'ref?': 'string',
        'helm?': { releaseName: 'string', 'valueFiles?': ['string'], 'valuesObject?': 'open' },
      },
    ],
    destination: { server: 'string', namespace: 'string' },
    'ignoreDifferences?': [{ 'group?': 'string', kind: 'string', 'name?': 'string', 'jsonPointers?': ['string'] }],
    syncPolicy: {
      'automated?': { prune: 'boolean', selfHeal: 'boolean' },
      'syncOptions?': ['string'],
      'retry?': 'open',
    },
  },
  'source.toolkit.fluxcd.io/v1 OCIRepository': {
    interval: 'string',
    url: 'string',
    ref: { 'semver?': 'string', 'tag?': 'string', 'digest?': 'string' },
    'layerSelector?': { mediaType: 'string', operation: 'string' },
    'verify?': { provider: 'string', 'matchOIDCIdentity?': [{ issuer: 'string', subject: 'string' }] },
  },
  'helm.toolkit.fluxcd.io/v2 HelmRelease': {
    interval: 'string',
    'timeout?': 'string',
    'releaseName?': 'string',
    chartRef: { kind: 'string', name: 'string', 'namespace?': 'string' },
    'driftDetection?': { mode: 'string', 'ignore?': [{ paths: ['string'], 'target?': { kind: 'string' } }] },
    'install?': { 'timeout?': 'string', 'remediation?': { 'retries?': 'integer' } },
    'upgrade?': {
      'timeout?': 'string',
      'cleanupOnFail?': 'boolean',
      'remediation?': { 'retries?': 'integer', 'strategy?': 'string' },
    },
    'test?': { enable: 'boolean' },
    'values?': 'open',
  },
};

const TYPES = {
  string: (value) => typeof value === 'string',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  stringMap: (value) => isMap(value) && Object.values(value).every((item) => typeof item === 'string'),
  open: () => true,
};

const isMap = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What is wrong with a value.
 * In: the value, its type as above, and where it stands. Out: sentences.
 */
export function mistakesOf(value, type, where) {
  if (typeof type === 'string') return TYPES[type](value) ? [] : [`${where} must be ${type}`];
  if (Array.isArray(type)) {
    if (!Array.isArray(value)) return [`${where} must be a list`];
    return value.flatMap((item, index) => mistakesOf(item, type[0], `${where}[${index}]`));
  }
  if (!isMap(value)) return [`${where} must be an object`];
  const known = new Map(Object.entries(type).map(([key, of]) => [key.replace(/\?$/, ''), of]));
  const missing = Object.keys(type).filter((key) => !key.endsWith('?') && !(key in value));
  return [
    ...missing.map((key) => `${where}.${key} is missing`),
    ...Object.entries(value).flatMap(([key, item]) =>
      known.has(key) ? mistakesOf(item, known.get(key), `${where}.${key}`) : [`${where}.${key} is unknown`],
    ),
  ];
}
