import { type V1Container, type V1EnvVar, type V1PodSpec } from '@kubernetes/client-node';
import { type Manifests } from './manifests.js';

/** What Kubernetes tells a pod about itself, by field. */
const FIELDS: Record<string, string> = {
  'metadata.name': 'parley-5d9c7b6f4-x2x7k',
  'metadata.uid': '0b0f7a6e-3a5e-4c56-8f0e-2a4e2b1c9d10',
  'metadata.namespace': 'parley',
  'status.podIP': '10.1.2.3',
  'spec.nodeName': 'node-1',
};

/** A container's variables as its process sees them: later ones may refer to earlier ones, and `$$` is a `$`. */
export function environmentOf({ env = [] }: V1Container, fields = FIELDS): Record<string, string> {
  const known: Record<string, string> = {};
  for (const variable of env) known[variable.name] = valueOf(variable, known, fields);
  return known;
}

function valueOf({ name, value, valueFrom }: V1EnvVar, known: Record<string, string>, fields: typeof FIELDS): string {
  if (!valueFrom)
    return (value ?? '').replace(/\$\$|\$\(([\w.-]+)\)/g, (all, of?: string) => reference(all, of, known));
  const found = fields[valueFrom.fieldRef?.fieldPath ?? ''];
  if (found === undefined) throw new Error(`${name}: nobody here knows ${JSON.stringify(valueFrom)}`);
  return found;
}

function reference(all: string, name: string | undefined, known: Record<string, string>): string {
  if (name === undefined) return '$';
  // What is not known stays as it is written.
  return known[name] ?? all;
}

/**
 * The files that a container finds, by path.
 * In: its pod, and what Secrets hold that are not in the rendering, by `secret/key`. Throws for one that nobody knows.
 */
export function filesOf(
  { volumes = [] }: V1PodSpec,
  { volumeMounts = [] }: V1Container,
  manifests: Manifests,
  elsewhere: Record<string, string> = {},
): Record<string, string> {
  const files: Record<string, string> = {};
  for (const { name, mountPath } of volumeMounts) {
    const volume = volumes.find((one) => one.name === name);
    const put = (path: string, text: string): void => void (files[`${mountPath}/${path}`] = text);
    const secrets = [
      ...(volume?.projected?.sources ?? []).map(({ secret }) => ({ name: secret?.name, items: secret?.items })),
      ...(volume?.secret ? [{ name: volume.secret.secretName, items: volume.secret.items }] : []),
    ];
    for (const { name: secretName = '', items } of secrets) {
      const own = manifests.of('Secret').find(({ metadata }) => metadata.name === secretName)?.data;
      for (const { key, path } of items ?? Object.keys(own ?? {}).map((key) => ({ key, path: key }))) {
        const text = own ? Buffer.from(own[key] ?? '', 'base64').toString() : elsewhere[`${secretName}/${key}`];
        if (text === undefined) throw new Error(`nobody here knows ${key} of the Secret ${secretName}`);
        put(path, text);
      }
    }
    const configMap = manifests.of('ConfigMap').find(({ metadata }) => metadata.name === volume?.configMap?.name);
    for (const [path, text] of Object.entries(configMap?.data ?? {})) put(path, text);
  }
  return files;
}
