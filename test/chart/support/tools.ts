import { execFileSync } from 'node:child_process';

interface Tool {
  path?: string;
  version?: string;
  /** Why there is none. */
  missing?: string;
}

const found = JSON.parse(
  execFileSync(process.execPath, ['scripts/k8s/helm.mjs', '--json'], { encoding: 'utf8' }),
) as Record<'helm3' | 'helm4' | 'kubectl', Tool>;

/** Both Helms, the newer one first. */
export const HELMS = [
  { name: 'Helm 4', ...found.helm4 },
  { name: 'Helm 3', ...found.helm3 },
];

/** The newest Helm there is. */
export const HELM = HELMS.find(({ path }) => path !== undefined)?.path;
export const KUBECTL = found.kubectl.path;

/**
 * `describe` where Helm is; where it cannot be had, its tests are skipped, with the reason in the title.
 */
export function describeWithHelm(title: string, tests: () => void): void {
  describeWith(HELM, title, `${HELMS[0]?.missing}`, tests);
}

/** The same for Helm 4, where Helm 3 cannot do it. */
export function describeWithHelm4(title: string, tests: (helm: string) => void): void {
  describeWith(found.helm4.path, title, `${found.helm4.missing}`, () => tests(found.helm4.path ?? ''));
}

/** The same for each of the Helms. */
export function describeWithEachHelm(title: string, tests: (helm: string) => void): void {
  for (const { name, path, missing } of HELMS) {
    describeWith(path, `${title}, ${name}`, `${missing}`, () => tests(path ?? ''));
  }
}

/** The same for kubectl and Helm together. */
export function describeWithKubectl(title: string, tests: () => void): void {
  const reason = KUBECTL === undefined ? found.kubectl.missing : HELMS[0]?.missing;
  describeWith(KUBECTL === undefined ? undefined : HELM, title, `${reason}`, tests);
}

function describeWith(tool: string | undefined, title: string, reason: string, tests: () => void): void {
  if (tool === undefined) describe.skip(`${title} (skipped: ${reason})`, tests);
  else describe(title, tests);
}
