import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `npm run test:cluster`. What it does on a cluster can only be tried on one. */
function testCluster(env: Record<string, string>): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/k8s/test-cluster.mjs'], {
    env: { PATH: process.env['PATH'], ...env },
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

describe('npm run test:cluster', () => {
  it('says without a cluster that it tried nothing, and what it needs', () => {
    const { status, output } = testCluster({});
    expect(status).toBe(0);
    expect(output).toMatch(/^SKIPPED: nothing was tried\. KUBECONFIG is not set\.$/m);
    expect(output).toContain('PARLEY_IMAGE');
    expect(output).not.toMatch(/^ok/m);
  });

  it('fails where the chart cannot be installed, and leaves nothing behind', () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-cluster-'));
    try {
      const log = join(folder, 'log');
      const standIn = (name: string, lines: string): string => {
        const path = join(folder, name);
        writeFileSync(path, `#!/bin/sh\necho "${name} $*" >> ${log}\n${lines}\n`);
        chmodSync(path, 0o755);
        return path;
      };
      const helm = standIn('helm', 'case "$1" in version) printf v4.1.4;; *) echo no room >&2; exit 1;; esac');
      const version = '{\\"clientVersion\\":{\\"gitVersion\\":\\"v1.35.2\\"}}';
      const kubectl = standIn('kubectl', `case "$1" in version) echo "${version}";; esac`);
      const { status, output } = testCluster({ KUBECONFIG: '/nowhere', HELM4: helm, KUBECTL: kubectl });
      expect(status).toBe(1);
      expect(output).toMatch(/^FAILED {2}install .*no room/m);
      const done = readFileSync(log, 'utf8').split('\n');
      const [namespace = ''] = /parley-test-\w+/.exec(done.join('\n')) ?? [];
      expect(done).toContain(`kubectl create namespace ${namespace}`);
      expect(done.at(-2)).toContain(`kubectl delete namespace ${namespace}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
