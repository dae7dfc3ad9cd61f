import { EventEmitter, once } from 'node:events';
import { RelaySampler } from './relay-sampler.js';

describe('RelaySampler', () => {
  const sampler = new RelaySampler();
  afterEach(() => sampler.stop());

  it('looks at nothing until somebody wants to know', () => {
    expect([sampler.due, sampler.open]).toEqual([false, false]);
  });

  it('tells how long one frame took, and is then content for a while', async () => {
    const told: number[] = [];
    sampler.start((delayMs) => told.push(delayMs));
    sampler.due = true;
    sampler.read();
    expect([sampler.due, sampler.open]).toEqual([false, true]);
    sampler.written();
    expect(sampler.open).toBe(false);
    expect(told).toHaveLength(1);
    expect(told[0]).toBeGreaterThanOrEqual(0);
  });

  it('does not take a frame that went nowhere for the next one', async () => {
    sampler.start(() => undefined);
    sampler.read();
    await new Promise((resolve) => setImmediate(resolve));
    expect(sampler.open).toBe(false);
  });

  it('becomes due by itself', async () => {
    const due = new EventEmitter();
    Object.defineProperty(sampler, 'due', {
      configurable: true,
      get: () => false,
      set: (isDue: boolean) => isDue && due.emit('due'),
    });
    const emitted = once(due, 'due');
    sampler.start(() => undefined);
    await emitted;
  });
});
