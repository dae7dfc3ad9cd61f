import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A cluster is three gateways, a Redis and a hundred calls of fifty frames a second: two of them at once on a machine of
 * two cores would be tests of the machine. So the files of test/cluster take turns, whichever worker runs them. Waited for
 * while the file is loaded, where no test's time limit counts.
 */
const LOCK = join(tmpdir(), 'parley-one-cluster-at-a-time');
const LOOK_EVERY_MS = 100;

function taken(): boolean {
  try {
    mkdirSync(LOCK);
    writeFileSync(join(LOCK, 'pid'), String(process.pid));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** Somebody was killed who had it. */
function isLeftOver(): boolean {
  try {
    process.kill(Number(readFileSync(join(LOCK, 'pid'), 'utf8')), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

while (!taken()) {
  if (isLeftOver()) rmSync(LOCK, { recursive: true, force: true });
  else await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}

afterAll(() => rmSync(LOCK, { recursive: true, force: true }));
