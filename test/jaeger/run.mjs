/**
 * `npm run test:jaeger`: the tests of this folder, against a real Jaeger that scripts/jaeger/build.mjs provides. Exit code
 * as jest's; 0 and "skipped" where there can be no Jaeger, which says nothing about the traces.
 * Arguments are jest's own.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath, URL } from 'node:url';

const NOT_HERE = 2;
const root = fileURLToPath(new URL('../..', import.meta.url));

function node(args, stdout, env = {}) {
  return spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['inherit', stdout, 'inherit'],
    env: { ...process.env, ...env },
  });
}

const built = node(['scripts/jaeger/build.mjs'], 'pipe');
if (built.status === NOT_HERE) {
  console.log('Jaeger tests: SKIPPED, nothing was tested. There is no Jaeger here; why is above.');
} else if (built.status === 0) {
  const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
  const args = [...jest, '--config', 'test/jaeger/jest.config.mjs', ...process.argv.slice(2)];
  process.exitCode = node(args, 'inherit', { JAEGER_BINARY: built.stdout.trim() }).status ?? 1;
} else {
  process.exitCode = 1;
}
