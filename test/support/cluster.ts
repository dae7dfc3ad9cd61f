import { Cluster as AnyCluster, type ClusterOptions } from '../../simulator/cluster/cluster.js';
import { Gateway } from './gateway.js';

export type { ClusterOptions } from '../../simulator/cluster/cluster.js';

/** Gateways as the other end-to-end tests start them, several at a time. */
export type Cluster = AnyCluster<Gateway>;

export type Env = Record<string, string>;

/**
 * Three pods, unless `pods` says otherwise.
 * @param adapt has the last word on the settings of a pod, each time that it starts.
 */
export function setCluster(
  options: ClusterOptions = {},
  adapt: (env: Env) => Env | Promise<Env> = (env) => env,
): Promise<Cluster> {
  return AnyCluster.start(options, async (env) => Gateway.start(await adapt(env)));
}
