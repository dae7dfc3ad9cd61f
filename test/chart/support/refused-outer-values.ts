import { least, REDIS, type Refused } from './refused.js';

const HOST = 'voice.example.com';
const INGRESS = { enabled: true, preset: 'traefik', hosts: [HOST], tls: [{ secretName: 'voice' }] };
const ROUTE = { httpRoute: { enabled: true, parentRefs: [{ name: 'public' }] } };

const MANY_PODS: Refused[] = [
  {
    what: 'two Redis',
    values: least({ ...REDIS, valkey: { enabled: true } }),
    says: 'Redis is named more than once',
    names: 'valkey.enabled, redis.url',
  },
  {
    what: 'a password in Redis’ address',
    values: least({ ...REDIS, redis: { url: 'redis://user:hush@redis:6379' } }),
    says: 'has a password in it',
    names: 'redis.url',
  },
  {
    what: 'keys of no Secret',
    values: least({ redis: { keys: { REDIS_PASSWORD: 'password' } } }),
    says: 'redis.existingSecret is not',
    names: 'redis.keys',
  },
  {
    what: 'a Secret without keys',
    values: least({ redis: { existingSecret: 'redis' } }),
    says: 'redis.keys is empty',
    names: 'redis.existingSecret',
  },
  {
    what: 'several pods without Redis',
    values: least({ replicaCount: 2 }),
    says: 'replicaCount is 2',
    names: 'redis.url',
  },
  {
    what: 'a scaler without Redis',
    values: least({ autoscaling: { enabled: true } }),
    says: 'autoscaling.enabled makes several pods',
    names: 'redis.url',
  },
  {
    what: 'KEDA without Redis',
    values: least({ keda: { enabled: true, serverAddress: 'http://prometheus' } }),
    says: 'keda.enabled makes several pods',
    names: 'redis.url',
  },
  {
    what: 'two scalers',
    values: least({ ...REDIS, autoscaling: { enabled: true }, keda: { enabled: true, serverAddress: 'http://p' } }),
    says: 'would fight over the number of pods',
    names: 'autoscaling.enabled and keda.enabled',
  },
  {
    what: 'more pods than the most',
    values: least({ ...REDIS, autoscaling: { enabled: true, minReplicas: 5, maxReplicas: 3 } }),
    says: 'is above autoscaling.maxReplicas',
    names: 'autoscaling.minReplicas',
  },
  {
    what: 'KEDA without Prometheus',
    values: least({ ...REDIS, keda: { enabled: true } }),
    says: 'is empty',
    names: 'keda.serverAddress',
  },
];

const EDGE: Refused[] = [
  {
    what: 'a proxy that cuts long calls',
    values: least({ ingress: INGRESS, config: { MAX_CALL_DURATION_S: 4000 } }),
    says: '(4000) is not above config.MAX_CALL_DURATION_S (4000)',
    names: 'proxyTimeoutSeconds',
  },
  {
    what: 'a drain longer than an ALB waits',
    values: least({ ingress: { ...INGRESS, preset: 'alb' }, drain: { deadlineSeconds: 7200 } }),
    says: 'ingress.preset=alb cuts the sockets',
    names: 'drain.deadlineSeconds',
  },
  {
    what: 'an Ingress for Envoy Gateway',
    values: least({ ingress: { ...INGRESS, preset: 'envoy-gateway' } }),
    says: 'has no Ingress',
    names: 'httpRoute.enabled',
  },
  {
    what: 'an Ingress without a host',
    values: least({ ingress: { ...INGRESS, hosts: [] } }),
    says: 'is empty',
    names: 'ingress.hosts',
  },
  {
    what: 'an Ingress without TLS',
    values: least({ ingress: { ...INGRESS, tls: [] } }),
    says: 'Telnyx opens media streams over TLS only',
    names: 'ingress.allowInsecure=true',
  },
  {
    what: 'an Ingress with and without TLS',
    values: least({ ingress: { ...INGRESS, allowInsecure: true } }),
    says: 'leave one of them',
    names: 'ingress.allowInsecure',
  },
  {
    what: 'TLS without a certificate',
    values: least({ ingress: { ...INGRESS, preset: 'nginx', tls: [{ hosts: [HOST] }] } }),
    says: 'has no certificate of its own',
    names: 'secretName',
  },
  {
    what: 'a host without a certificate',
    values: least({
      ingress: { ...INGRESS, hosts: [HOST, 'other.example.org'], tls: [{ secretName: 'a', hosts: [HOST] }] },
    }),
    says: 'other.example.org',
    names: 'ingress.tls[].hosts',
  },
  {
    what: 'a route without a Gateway',
    values: least({ httpRoute: { enabled: true } }),
    says: 'is empty',
    names: 'httpRoute.parentRefs',
  },
  {
    what: 'timeouts on GKE',
    values: least({ httpRoute: { ...ROUTE.httpRoute, preset: 'gke', timeouts: { request: '1h' } } }),
    says: 'GKE refuses routes that have timeouts',
    names: 'httpRoute.timeouts',
  },
  {
    what: 'a policy of Envoy Gateway without it',
    values: least({ httpRoute: { ...ROUTE.httpRoute, preset: 'istio', clientTrafficPolicy: true } }),
    says: 'is Envoy Gateway',
    names: 'httpRoute.preset',
  },
];

const OTHERS: Refused[] = [
  {
    what: 'a closed network with Redis somewhere',
    values: least({ redis: REDIS.redis }),
    says: 'Redis could not be reached',
    names: 'networkPolicy.redis.to',
  },
  {
    what: 'a closed network with a collector somewhere',
    values: least({ telemetry: { otlpEndpoint: 'http://collector:4318' } }),
    says: 'could not be reached',
    names: 'networkPolicy.otlp.to',
  },
  {
    what: 'two monitors',
    values: least({ metrics: { podMonitor: { enabled: true }, serviceMonitor: { enabled: true } } }),
    says: 'every figure would be there twice',
    names: 'metrics.podMonitor.enabled and metrics.serviceMonitor.enabled',
  },
  {
    what: 'real keys for the simulator',
    values: least({ simulator: { enabled: true } }),
    says: 'real keys do not belong to it',
    names: 'simulator.enabled',
  },
  {
    what: 'a real key for the simulator',
    values: { simulator: { enabled: true }, secret: { values: { TELNYX_API_KEY: 'KEY-real' } } },
    says: 'is not the simulator',
    names: 'secret.values.TELNYX_API_KEY',
  },
];

/** Unknown presets are refused by the schema already, unless somebody switches that off. */
export const REFUSED_WITHOUT_SCHEMA: Refused[] = [
  {
    what: 'an unknown controller',
    values: least({ ingress: { ...INGRESS, preset: 'contour' } }),
    says: 'is unknown: use one of none, traefik, haproxy, haproxy-ingress, nginx, ingress-nginx, alb, gke, istio, envoy-gateway',
    names: 'ingress.preset',
  },
  {
    what: 'an unknown implementation of the Gateway API',
    values: least({ httpRoute: { ...ROUTE.httpRoute, preset: 'contour' } }),
    says: 'is unknown: use one of none, envoy-gateway, gke, istio',
    names: 'httpRoute.preset',
  },
];

/** What stands around pods: Redis, scalers, what is in front, the network, what comes along. */
export const REFUSED_AROUND: Refused[] = [...MANY_PODS, ...EDGE, ...OTHERS];
