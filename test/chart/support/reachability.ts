import { BlockList, isIPv6 } from 'node:net';
import { type V1LabelSelector, type V1NetworkPolicy, type V1NetworkPolicyPeer } from '@kubernetes/client-node';
import { type Manifests } from './manifests.js';
import { NAMESPACE } from './render.js';

/** One end of a connection: a pod with its labels, or an address outside the cluster. */
export type End = { labels: Record<string, string>; namespace: string } | { ip: string };

export interface Connection {
  from: End;
  to: End;
  port: number;
  protocol?: 'TCP' | 'UDP';
}

/** Whether a cluster that enforces the rendering's policies lets a connection through: out of one end and into the other. */
export function reaches(manifests: Manifests, connection: Connection): boolean {
  const policies = manifests.of('NetworkPolicy');
  return leaves(policies, connection) && enters(policies, connection);
}

function leaves(policies: readonly V1NetworkPolicy[], { from, to, port, protocol }: Connection): boolean {
  const own = policies.filter((policy) => isFor(policy, from, 'Egress'));
  if (own.length === 0) return true;
  const rules = own.flatMap(({ spec }) => spec?.egress ?? []);
  return rules.some((rule) => hasPort(rule.ports, port, protocol) && hasPeer(rule.to, to));
}

function enters(policies: readonly V1NetworkPolicy[], { from, to, port, protocol }: Connection): boolean {
  const own = policies.filter((policy) => isFor(policy, to, 'Ingress'));
  if (own.length === 0) return true;
  const rules = own.flatMap(({ spec }) => spec?.ingress ?? []);
  return rules.some((rule) => hasPort(rule.ports, port, protocol) && hasPeer(fromOf(rule), from));
}

/** The client's models call it `_from`, in YAML it is `from`. */
function fromOf(rule: object): V1NetworkPolicyPeer[] | undefined {
  return (rule as { from?: V1NetworkPolicyPeer[] }).from;
}

function isFor({ spec }: V1NetworkPolicy, end: End, type: string): boolean {
  if (!('labels' in end) || end.namespace !== NAMESPACE) return false;
  return (spec?.policyTypes ?? []).includes(type) && matches(spec?.podSelector, end.labels);
}

function hasPort(
  ports: { port?: number | string; protocol?: string }[] | undefined,
  port: number,
  protocol = 'TCP',
): boolean {
  if (ports === undefined || ports.length === 0) return true;
  return ports.some((one) => one.port === port && (one.protocol ?? 'TCP') === protocol);
}

function hasPeer(peers: V1NetworkPolicyPeer[] | undefined, end: End): boolean {
  if (peers === undefined || peers.length === 0) return true;
  return peers.some(({ podSelector, namespaceSelector, ipBlock }) => {
    if ('ip' in end)
      return (
        ipBlock !== undefined &&
        contains(ipBlock.cidr, end.ip) &&
        !(ipBlock.except ?? []).some((cidr) => contains(cidr, end.ip))
      );
    if (ipBlock) return false;
    const here = namespaceSelector
      ? matches(namespaceSelector, { 'kubernetes.io/metadata.name': end.namespace })
      : end.namespace === NAMESPACE;
    return here && (podSelector === undefined || matches(podSelector, end.labels));
  });
}

function matches(selector: V1LabelSelector | undefined, labels: Record<string, string>): boolean {
  if (selector?.matchExpressions) throw new Error('no matchExpressions here');
  return Object.entries(selector?.matchLabels ?? {}).every(([name, value]) => labels[name] === value);
}

function contains(cidr: string, ip: string): boolean {
  const [network = '', bits = ''] = cidr.split('/');
  if (isIPv6(network) !== isIPv6(ip)) return false;
  const family = isIPv6(network) ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family);
  return list.check(ip, family);
}
