import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { termWasLost } from './lost-signal.js';

const status = (caught: string): string => `Name:\tnode\nSigIgn:\t0000000000001000\nSigCgt:\t${caught}\n`;

describe('termWasLost', () => {
  it('knows by the missing handler of Node.js that the first process of a container was told to leave', () => {
    expect(termWasLost(1, status('0000000188000602'))).toBe(true);
    expect(termWasLost(1, status('0000000188004602'))).toBe(false);
  });

  it('says so of no other process: that would have ended', () => {
    expect(termWasLost(4711, status('0000000188000602'))).toBe(false);
  });

  it('takes what it cannot read for no signal', () => {
    expect(termWasLost(1, 'Name:\tnode\n')).toBe(false);
  });

  // The mask of a real process, which is what the one of a container has until somebody listens.
  const linux = process.platform === 'linux' ? it : it.skip;
  linux('sees the handler that Node.js has before anybody listens', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume(); console.log("up")'], { stdio: 'pipe' });
    await once(child.stdout, 'data');
    expect(termWasLost(1, readFileSync(`/proc/${child.pid}/status`, 'utf8'))).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
});
