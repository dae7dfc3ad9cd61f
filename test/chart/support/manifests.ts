import {
  type V1ConfigMap,
  type V1Container,
  type V1CronJob,
  type V1Deployment,
  type V1Ingress,
  type V1NetworkPolicy,
  type V1ObjectMeta,
  type V1Pod,
  type V1PodDisruptionBudget,
  type V1PodSpec,
  type V1PriorityClass,
  type V1Secret,
  type V1Service,
  type V1ServiceAccount,
  type V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node';

/** An object as it is written down. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: V1ObjectMeta & { name: string };
}

/** A custom resource: whoever asks for one knows what it looks like. */
export interface CustomResource extends Manifest {
  spec: Record<string, unknown>;
}

interface Kinds {
  ConfigMap: V1ConfigMap;
  CronJob: V1CronJob;
  Deployment: V1Deployment;
  HorizontalPodAutoscaler: V2HorizontalPodAutoscaler;
  Ingress: V1Ingress;
  NetworkPolicy: V1NetworkPolicy;
  Pod: V1Pod;
  PodDisruptionBudget: V1PodDisruptionBudget;
  PriorityClass: V1PriorityClass;
  Secret: V1Secret;
  Service: V1Service;
  ServiceAccount: V1ServiceAccount;
}

/** A pod, or what pods are made from. */
export interface PodTemplate {
  /** Kind and name of what it stands in. */
  where: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  spec: V1PodSpec;
}

export class Manifests {
  constructor(readonly all: readonly Manifest[]) {}

  /** All objects of a kind. */
  of<K extends keyof Kinds>(kind: K): (Kinds[K] & Manifest)[] {
    return this.all.filter((object) => object.kind === kind) as (Kinds[K] & Manifest)[];
  }

  /** The object of a kind and name. Throws where there is none. */
  get<K extends keyof Kinds>(kind: K, name = 'parley'): Kinds[K] & Manifest {
    const found = this.of(kind).find(({ metadata }) => metadata.name === name);
    if (!found) throw new Error(`no ${kind} ${name} among ${this.names.join(', ')}`);
    return found;
  }

  custom(kind: string): CustomResource[] {
    return this.all.filter((object) => object.kind === kind) as CustomResource[];
  }

  /** The one custom resource of a kind. Throws where there is none, or several. */
  oneCustom(kind: string): CustomResource {
    const [found, ...more] = this.custom(kind);
    if (!found || more.length > 0) throw new Error(`${more.length + (found ? 1 : 0)} of ${kind}`);
    return found;
  }

  get names(): string[] {
    return this.all.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  }

  /** Every pod of the rendering. */
  get pods(): PodTemplate[] {
    return this.all.flatMap((object) => {
      const found = templateOf(object);
      if (!found?.spec) return [];
      const where = `${object.kind} ${object.metadata.name}`;
      const { labels = {}, annotations = {} } = found.metadata ?? {};
      return [{ where, labels, annotations, spec: found.spec }];
    });
  }

  /** The gateway's pod. */
  get gatewayPod(): PodTemplate {
    const found = this.pods.find(({ where }) => where === 'Deployment parley');
    if (!found) throw new Error(`no Deployment parley among ${this.names.join(', ')}`);
    return found;
  }

  /** The gateway's container. */
  get gateway(): V1Container {
    const found = this.gatewayPod.spec.containers.find(({ name }) => name === 'parley');
    if (!found) throw new Error('the Deployment has no container parley');
    return found;
  }

  /** The gateway's variables as they are written, `$(…)` and all; those that Kubernetes fills in are left out. */
  get env(): Record<string, string> {
    return Object.fromEntries(
      (this.gateway.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
    );
  }
}

function templateOf(object: Manifest): { metadata?: V1ObjectMeta; spec?: V1PodSpec } | undefined {
  switch (object.kind) {
    case 'Pod':
      return object;
    case 'Deployment':
      return (object as V1Deployment).spec?.template;
    case 'CronJob':
      return (object as V1CronJob).spec?.jobTemplate.spec?.template;
    default:
      return undefined;
  }
}

/** Whether all of the labels that are asked for are there. */
export function selects(wanted: Record<string, string> | undefined, labels: Record<string, string>): boolean {
  const asked = Object.entries(wanted ?? {});
  return asked.length > 0 && asked.every(([name, value]) => labels[name] === value);
}

/** Values that stand more than once. */
export function doubles(values: readonly string[]): string[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}
