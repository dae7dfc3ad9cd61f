/** The parts that values of a chart share, most of them Kubernetes' own. Objects that are passed on whole are open. */

const map = (values, extra = {}) => ({ type: 'object', additionalProperties: values, ...extra });
const object = (properties, required = []) => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...(required.length > 0 && { required }),
});
const list = (items) => ({ type: 'array', items });
const string = { type: 'string' };
const integer = { type: 'integer' };
const text = { type: 'string', minLength: 1 };
const open = { type: 'object', additionalProperties: true };
const ref = (name) => ({ $ref: `#/definitions/${name}` });

const selector = object({ matchLabels: map(string), matchExpressions: list(open) });

/**
 * @param settings all of Parley's settings as `{ name, meaning, secret }`
 * @returns the schema's definitions by name
 */
export function definitions(settings) {
  const secrets = settings.filter(({ secret }) => secret).map(({ name }) => name);
  const named = (names, value) => Object.fromEntries(names.map((name) => [name, value]));
  const secretName = { type: ['string', 'null'] };
  const toolSecrets = { '^TOOL_SECRET_[A-Z0-9_]+$': secretName };
  return {
    stringMap: map(string),
    anyObject: open,
    nameRef: object({ name: text }, ['name']),
    port: { type: 'integer', minimum: 1, maximum: 65535 },
    resources: object({
      requests: map({ type: ['string', 'number'] }),
      limits: map({ type: ['string', 'number'] }),
      claims: list(open),
    }),
    probeTimes: object({
      initialDelaySeconds: { ...integer, minimum: 0 },
      periodSeconds: { ...integer, minimum: 1 },
      timeoutSeconds: { ...integer, minimum: 1 },
      successThreshold: { ...integer, minimum: 1 },
      failureThreshold: { ...integer, minimum: 1 },
      terminationGracePeriodSeconds: { ...integer, minimum: 1 },
    }),
    envVar: object({ name: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }, value: string, valueFrom: open }, [
      'name',
    ]),
    envFrom: object({ prefix: string, configMapRef: open, secretRef: open }),
    volumeMount: object(
      {
        name: text,
        mountPath: text,
        subPath: string,
        subPathExpr: string,
        readOnly: { type: 'boolean' },
        recursiveReadOnly: string,
        mountPropagation: string,
      },
      ['name', 'mountPath'],
    ),
    toleration: object({
      key: string,
      operator: { enum: ['Exists', 'Equal', 'Lt', 'Gt'] },
      value: string,
      effect: { enum: ['', 'NoSchedule', 'PreferNoSchedule', 'NoExecute'] },
      tolerationSeconds: integer,
    }),
    topologySpreadConstraint: object(
      {
        maxSkew: { ...integer, minimum: 1 },
        topologyKey: text,
        whenUnsatisfiable: { enum: ['DoNotSchedule', 'ScheduleAnyway'] },
        labelSelector: selector,
        matchLabelKeys: list(string),
        minDomains: { ...integer, minimum: 1 },
        nodeAffinityPolicy: { enum: ['Honor', 'Ignore'] },
        nodeTaintsPolicy: { enum: ['Honor', 'Ignore'] },
      },
      ['maxSkew', 'topologyKey', 'whenUnsatisfiable'],
    ),
    hostAlias: object({ ip: text, hostnames: list(string) }, ['ip']),
    networkPolicyPeer: object({
      podSelector: selector,
      namespaceSelector: selector,
      ipBlock: object({ cidr: text, except: list(string) }, ['cidr']),
    }),
    networkPolicyPort: object({
      protocol: { enum: ['TCP', 'UDP', 'SCTP'] },
      port: { type: ['integer', 'string'] },
      endPort: integer,
    }),
    ingressRule: object({ from: list(ref('networkPolicyPeer')), ports: list(ref('networkPolicyPort')) }),
    egressRule: object({ to: list(ref('networkPolicyPeer')), ports: list(ref('networkPolicyPort')) }),
    ingressTls: object({ secretName: text, hosts: list(text) }),
    parentRef: object(
      { group: string, kind: string, name: text, namespace: text, sectionName: text, port: ref('port') },
      ['name'],
    ),
    routeTimeouts: object({ request: string, backendRequest: string }),
    secretNames: { ...object(named(secrets, secretName)), patternProperties: toolSecrets },
    redisSecretNames: object(
      named(
        secrets.filter((name) => name.startsWith('REDIS_')),
        secretName,
      ),
    ),
    remoteSecrets: {
      ...object(named(secrets, ref('remoteSecret'))),
      patternProperties: { '^TOOL_SECRET_[A-Z0-9_]+$': ref('remoteSecret') },
    },
    remoteSecret: object({ key: text, property: string, version: string }, ['key']),
    // Secrets are among them so that a sentence can say where they belong.
    settings: {
      ...object(
        Object.fromEntries(
          settings.map(({ name, meaning }) => [name, { ...ref('settingValue'), description: meaning }]),
        ),
      ),
      patternProperties: { '^OTEL_[A-Z0-9_]+$': ref('settingValue') },
    },
    settingValue: { type: ['string', 'number', 'boolean', 'null'] },
  };
}
