/**
 * Enforces NetworkPolicies on the one node there is: whenever pods, namespaces or policies change, all rules are written anew,
 * in one transaction of nftables. IPv4 only. What the node itself says to pods (the kubelet's probes) is always let in.
 *
 *   policies.mjs DIRECTORY_WITH_THE_KEYS
 *
 * Connections that were let in go on when a policy changes, as they may.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { argv } from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as later } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';

/** Changes come in bursts. */
const GATHER_MS = 20;
const AGAIN_MS = 1000;

const OPERATORS = {
  In: (value, values) => values.includes(value),
  NotIn: (value, values) => !values.includes(value),
  Exists: (value) => value !== undefined,
  DoesNotExist: (value) => value === undefined,
};

/** @returns whether labels fit a selector. An empty one fits all. */
function fits({ matchLabels = {}, matchExpressions = [] }, labels = {}) {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => OPERATORS[operator](labels[key], values))
  );
}

/** @returns the pods that one peer of a policy in that namespace means. */
function podsOf(peer, namespace, { pods, namespaces }) {
  const within = peer.namespaceSelector
    ? namespaces
        .filter(({ metadata }) => fits(peer.namespaceSelector, metadata.labels))
        .map(({ metadata }) => metadata.name)
    : [namespace];
  return pods.filter(
    ({ metadata }) => within.includes(metadata.namespace) && fits(peer.podSelector ?? {}, metadata.labels),
  );
}

/** @returns the port's number in a container of that pod. Undefined where it has none of that name. */
function numberOf(name, protocol, pod) {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const ports = containers.flatMap(({ ports: some = [] }) => some);
  return ports.find((one) => one.name === name && (one.protocol ?? 'TCP') === protocol)?.containerPort;
}

/** @returns what nftables compares of a packet to that port, one text for each way in which it fits. No port: any. */
function portMatches(ports, target) {
  if (!ports?.length) return [''];
  return ports.flatMap(({ protocol = 'TCP', port, endPort }) => {
    if (port === undefined) return [`meta l4proto ${protocol.toLowerCase()}`];
    const first = typeof port === 'string' ? target && numberOf(port, protocol, target) : port;
    return first === undefined ? [] : [`${protocol.toLowerCase()} dport ${first}${endPort ? `-${endPort}` : ''}`];
  });
}

/** @returns one rule of a policy as rules of nftables: what is let through returns to whoever asked. */
function permissions({ peers, ports }, { side, namespace, pod, world }) {
  const any = (target) => portMatches(ports, target);
  if (!peers?.length) return any(pod).map((port) => `${port} return`);
  return peers.flatMap((peer) => {
    if (peer.ipBlock) {
      const { cidr, except = [] } = peer.ipBlock;
      if (cidr.includes(':')) return [];
      const but = except.map((range) => `ip ${side} != ${range}`).join(' ');
      return any(side === 'saddr' ? pod : undefined).map((port) => `ip ${side} ${cidr} ${but} ${port} return`);
    }
    return podsOf(peer, namespace, world).flatMap((other) =>
      any(side === 'saddr' ? pod : other).map((port) => `ip ${side} ${other.status.podIP} ${port} return`),
    );
  });
}

const DIRECTIONS = [
  {
    type: 'Ingress',
    side: 'saddr',
    own: 'daddr',
    read: ({ ingress = [] }) => ingress.map(({ from, ports }) => ({ peers: from, ports })),
  },
  {
    type: 'Egress',
    side: 'daddr',
    own: 'saddr',
    read: ({ egress = [] }) => egress.map(({ to, ports }) => ({ peers: to, ports })),
  },
];

/** In: all pods, namespaces and policies. Out: the table, as `nft -f` takes it. */
function ruleset(everything) {
  const pods = everything.pods.filter(
    ({ spec, status }) => !spec.hostNetwork && status.podIP && !['Succeeded', 'Failed'].includes(status.phase),
  );
  const world = { ...everything, pods };
  const chains = [];
  const jumps = { Ingress: [], Egress: [] };
  for (const pod of pods) {
    for (const { type, side, read } of DIRECTIONS) {
      const policies = world.policies.filter(
        ({ metadata, spec }) =>
          metadata.namespace === pod.metadata.namespace &&
          // The API fills in the types that a policy leaves out.
          spec.policyTypes.includes(type) &&
          fits(spec.podSelector, pod.metadata.labels),
      );
      if (policies.length === 0) continue;
      const rules = policies.flatMap(({ metadata, spec }) =>
        read(spec).flatMap((rule) => permissions(rule, { side, namespace: metadata.namespace, pod, world })),
      );
      const name = `${type.toLowerCase()}_${pod.status.podIP.replaceAll('.', '_')}`;
      jumps[type].push(`${pod.status.podIP} : jump ${name}`);
      chains.push(`chain ${name} {\n${[...new Set(rules), 'drop'].join('\n')}\n}`);
    }
  }
  const ask = ({ type, own }) => (jumps[type].length > 0 ? `ip ${own} vmap { ${jumps[type].join(', ')} }` : '');
  const [ingress, egress] = DIRECTIONS.map(ask);
  const known = 'ct state established,related accept';
  return `table ip policies
delete table ip policies
table ip policies {
${chains.join('\n')}
chain between_pods { type filter hook forward priority filter; policy accept; ${[known, egress, ingress].filter(Boolean).join('; ')}; }
chain to_the_node { type filter hook input priority filter; policy accept; ${[known, egress].filter(Boolean).join('; ')}; }
}
`;
}

function start(keys) {
  const [ca, cert, key] = ['ca.crt', 'admin.crt', 'admin.key'].map((name) => readFileSync(join(keys, name)));
  const get = (path) =>
    new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port: 6443, path, ca, cert, key }, (answer) => {
        if (answer.statusCode === 200) return resolve(answer);
        answer.resume();
        reject(new Error(`${path}: ${answer.statusCode}`));
      });
      asked.on('error', reject).end();
    });
  const stores = { pods: new Map(), namespaces: new Map(), policies: new Map() };
  let written;
  let waiting;
  const write = () => {
    waiting = undefined;
    const lists = Object.fromEntries(Object.entries(stores).map(([name, store]) => [name, [...store.values()]]));
    const rules = ruleset(lists);
    if (rules === written) return;
    const { status, stderr } = spawnSync('nft', ['-f', '-'], { input: rules, encoding: 'utf8' });
    if (status !== 0) return console.error(`nft refuses: ${stderr}\n${rules}`);
    written = rules;
  };
  const changed = () => {
    // Not before all three are known: rules without pods would let nothing through.
    if (Object.values(stores).every(({ known }) => known)) waiting ??= later(write, GATHER_MS);
  };
  const follow = async (store, path) => {
    let listed = '';
    for await (const part of (await get(path)).setEncoding('utf8')) listed += part;
    const { items, metadata } = JSON.parse(listed);
    store.clear();
    for (const item of items) store.set(item.metadata.uid, item);
    store.known = true;
    changed();
    const events = await get(`${path}?watch=1&resourceVersion=${metadata.resourceVersion}`);
    for await (const line of createInterface({ input: events })) {
      const { type, object } = JSON.parse(line);
      if (type === 'ERROR') return;
      if (type === 'DELETED') store.delete(object.metadata.uid);
      else store.set(object.metadata.uid, object);
      changed();
    }
  };
  const forever = async (store, path) => {
    for (;;) {
      await follow(store, path).catch(({ message }) => console.error(message));
      await sleep(AGAIN_MS);
    }
  };
  void forever(stores.pods, '/api/v1/pods');
  void forever(stores.namespaces, '/api/v1/namespaces');
  void forever(stores.policies, '/apis/networking.k8s.io/v1/networkpolicies');
}

start(argv[2]);
