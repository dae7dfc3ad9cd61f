import { cpuMs, cpuMsFromStat, rssKib, rssKibFromStatus, waitMs, waitMsFromSchedstat } from './process-usage.js';

describe('what a process uses', () => {
  it('is read from the right fields, even when its name has spaces and brackets', () => {
    const stat = '4242 (a (strange) name) S 1 2 3 4 5 6 7 8 9 10 150 50 13 14 20 0 11 0 99 1 2';
    expect(cpuMsFromStat(stat)).toBe(2000);
    expect(rssKibFromStatus('Name:\tnode\nVmPeak:\t 900 kB\nVmRSS:\t   71932 kB\nThreads:\t11\n')).toBe(71_932);
    expect(rssKibFromStatus('Name:\tkthreadd\n')).toBeNaN();
    expect(waitMsFromSchedstat('123456789 5000000 42\n')).toBe(5);
  });

  const onLinux = process.platform === 'linux' ? it : it.skip;
  onLinux('is what Node itself says', () => {
    const untilMs = performance.now() + 60;
    while (performance.now() < untilMs);
    const { user, system } = process.cpuUsage();
    expect(Math.abs(cpuMs(process.pid) - (user + system) / 1000)).toBeLessThan(100);
    const ratio = rssKib(process.pid) / (process.memoryUsage.rss() / 1024);
    expect(ratio).toBeGreaterThan(0.8);
    expect(ratio).toBeLessThan(1.25);
  });

  it('is not known of a process that is not there', () => {
    expect(waitMs(2 ** 30)).toBeNaN();
    expect(() => cpuMs(2 ** 30)).toThrow();
  });
});
