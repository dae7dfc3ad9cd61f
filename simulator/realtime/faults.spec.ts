import { RealtimeFaults } from './faults.js';

describe('RealtimeFaults', () => {
  it('are used up, the oldest first', () => {
    const faults = new RealtimeFaults();
    faults.arm('refuseUpgrade', { status: 503 }, 2);
    faults.arm('refuseUpgrade', { status: 429 });
    expect([1, 2, 3, 4].map(() => faults.take('refuseUpgrade')?.status)).toEqual([503, 503, 429, undefined]);
  });

  it('wait for the occasion they are meant for', () => {
    const faults = new RealtimeFaults();
    faults.arm('drop', { type: 'response.done', nth: 2 });
    expect(faults.take('drop', ({ type }) => type === 'error')).toBeUndefined();
    expect(faults.pending).toEqual(['drop']);
    expect(faults.take('drop', ({ nth }) => nth === 2)).toEqual({ type: 'response.done', nth: 2 });
    expect(faults.pending).toEqual([]);
  });

  it('can be disarmed one by one and all together', () => {
    const faults = new RealtimeFaults();
    const disarm = faults.arm('failAuth', {});
    faults.arm('keepFormats', {});
    disarm();
    expect(faults.pending).toEqual(['keepFormats']);
    faults.clear();
    expect(faults.pending).toEqual([]);
  });
});
