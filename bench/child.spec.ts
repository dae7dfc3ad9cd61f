import { allowedCpus, Child } from './child.js';

describe('child processes of the benchmark', () => {
  it('may run on the CPUs that the kernel lists', () => {
    expect(allowedCpus('Cpus_allowed:\tff\nCpus_allowed_list:\t0-3,8,10-11\n')).toEqual([0, 1, 2, 3, 8, 10, 11]);
    expect(allowedCpus('Cpus_allowed_list:\t5\n')).toEqual([5]);
    expect(allowedCpus('Name:\tnode\n')).toEqual([]);
  });

  it('are stopped, also when they will not listen, and their last words are kept', async () => {
    const stubborn = 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)';
    const child = Child.start(['-e', stubborn], { ipc: true });
    await new Promise((resolve) => child.process.stdout?.once('data', resolve));
    expect(child.running).toBe(true);
    await child.stop(100);
    expect(child.running).toBe(false);
    expect(child.lastOutput).toBe('up\n');
  });

  it('bring back numbers that JSON has no word for', async () => {
    const child = Child.start(['-e', 'process.send({ p99: NaN }); process.disconnect()'], { ipc: true });
    const message = await new Promise((resolve) => child.process.once('message', resolve));
    expect(message).toEqual({ p99: NaN });
    await child.exited;
  });
});
