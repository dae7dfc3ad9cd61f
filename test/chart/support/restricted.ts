import { type PodTemplate } from './manifests.js';

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** What the restricted Pod Security Standard (of Kubernetes 1.30 and newer) refuses in a pod. */
export function restrictedMistakes({ where, spec, annotations }: PodTemplate): string[] {
  const mistakes: string[] = [];
  const refuse = (wrong: boolean, what: string): void => {
    if (wrong) mistakes.push(`${where}: ${what}`);
  };
  refuse(spec.hostNetwork ?? spec.hostPID ?? spec.hostIPC ?? false, 'a namespace of the host');
  refuse(
    Object.keys(annotations).some((name) => name.includes('apparmor')),
    'an AppArmor annotation',
  );
  refuse((spec.securityContext?.sysctls ?? []).length > 0, 'sysctls');
  for (const volume of spec.volumes ?? []) {
    const kinds = Object.keys(volume).filter((key) => key !== 'name');
    refuse(
      kinds.some((kind) => !VOLUMES.includes(kind)),
      `volume ${volume.name} is ${kinds.join()}`,
    );
  }
  for (const { name, securityContext: own, ports } of [...(spec.initContainers ?? []), ...spec.containers]) {
    const pod = spec.securityContext;
    refuse(own?.privileged ?? false, `${name} is privileged`);
    refuse(own?.allowPrivilegeEscalation !== false, `${name} may gain privileges`);
    refuse((own?.runAsNonRoot ?? pod?.runAsNonRoot) !== true, `${name} may be root`);
    refuse((own?.runAsUser ?? pod?.runAsUser) === 0, `${name} is root`);
    refuse(!own?.capabilities?.drop?.includes('ALL'), `${name} keeps capabilities`);
    refuse(
      (own?.capabilities?.add ?? []).some((capability) => capability !== 'NET_BIND_SERVICE'),
      `${name} gains capabilities`,
    );
    const seccomp = (own?.seccompProfile ?? pod?.seccompProfile)?.type;
    refuse(seccomp !== 'RuntimeDefault' && seccomp !== 'Localhost', `${name} has no seccomp profile`);
    refuse(own?.procMount !== undefined && own.procMount !== 'Default', `${name} sees /proc unmasked`);
    refuse(
      (ports ?? []).some(({ hostPort }) => hostPort !== undefined),
      `${name} has a port of the host`,
    );
  }
  return mistakes;
}
