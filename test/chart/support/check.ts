import { spawnSync } from 'node:child_process';

/** What an API server would refuse in objects, as sentences. In a process of its own: the models are large. */
export function problemsOf(objects: readonly object[]): string[] {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['scripts/k8s/check-manifests.mjs'], {
    input: JSON.stringify(objects),
    encoding: 'utf8',
  });
  const lines = stdout.split('\n').filter((line) => line !== '');
  if (status !== 0 && lines.length === 0) throw new Error(stderr);
  return lines;
}
