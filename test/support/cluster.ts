import { Cluster as AnyCluster, type ClusterOptions } from '../../simulator/cluster/cluster.js';
import { Gateway } from './gateway.js';

export type { ClusterOptions } from '../../simulator/cluster/cluster.js';

/** Gateways as the other end-to-end tests start them, several at a time. */
export type Cluster = AnyCluster<Gateway>;

/** Three pods, unless `pods` says otherwise. */
export function setCluster(options: ClusterOptions = {}): Promise<Cluster> {
  return AnyCluster.start(options, (env) => Gateway.start(env));
}
