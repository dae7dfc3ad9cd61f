import { LoopLateness } from './loop-lateness.js';

/** Keeps the event loop from turning. */
function block(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

/** Resolves when the condition holds; timers of the test's own let the loop turn. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe('LoopLateness', () => {
  it('says that the loop is late right after it was blocked, and takes it back once it turns in time', async () => {
    const lateness = new LoopLateness();
    let seenLate = false;
    block(150);
    await until(() => (seenLate ||= lateness.late));
    await until(() => !lateness.late);
    lateness.onModuleDestroy();
    expect(seenLate).toBe(true);
    expect(lateness.late).toBe(false);
  });
});
