import fc from 'fast-check';
import { HeardAccount } from './heard-account.js';

describe('HeardAccount', () => {
  it('counts by the clock from the moment audio is sent, and never beyond what was sent', () => {
    const account = new HeardAccount();
    expect(account.heardBytes(500)).toBe(0);
    account.sent(1600, 1000);
    expect([account.heardBytes(1000), account.heardBytes(1010.2), account.heardBytes(9000)]).toEqual([0, 81, 1600]);
  });

  it('counts audio sent after a silence from when it was sent', () => {
    const account = new HeardAccount();
    account.sent(160, 0);
    account.sent(160, 500);
    expect(account.heardBytes(510)).toBe(160 + 80);
    account.sent(160, 515);
    expect(account.heardBytes(535)).toBe(160 + 160 + 120);
  });

  it('is set right by a mark in both directions', () => {
    const late = new HeardAccount();
    late.sent(3200, 0);
    expect(late.marked()).toBe(3200);
    late.sent(3200, 0);
    late.markReturned(3200, 450);
    expect(late.heardBytes(460)).toBe(3200 + 80);

    const early = new HeardAccount();
    early.sent(3200, 0);
    early.marked();
    early.markReturned(3200, 390);
    expect(early.heardBytes(390)).toBe(3200);
  });

  it('is held back by a mark on its way once marks are known to come back, and not before', () => {
    const account = new HeardAccount();
    account.sent(1600, 0);
    account.marked();
    account.sent(1600, 0);
    account.marked();
    expect(account.heardBytes(300)).toBe(2400);
    expect(account.awaitsMark).toBe(false);
    account.markReturned(1600, 300);
    account.sent(1600, 300);
    expect(account.awaitsMark).toBe(true);
    expect(account.heardBytes(5_000)).toBe(3200);
    account.markReturned(3200, 5_000);
    expect(account.awaitsMark).toBe(false);
    expect(account.heardBytes(5_010)).toBe(3280);
  });

  it('takes a mark to say that those before it were reached too', () => {
    const account = new HeardAccount();
    for (let i = 0; i < 3; i++) {
      account.sent(1600, 0);
      account.marked();
    }
    account.markReturned(4800, 610);
    expect(account.heardBytes(610)).toBe(4800);
    expect(account.awaitsMark).toBe(false);
  });

  it('is not moved by marks that come twice, out of order, or for what was never sent', () => {
    const account = new HeardAccount();
    account.sent(1600, 0);
    account.marked();
    account.sent(1600, 0);
    account.marked();
    account.sent(4800, 0);
    account.markReturned(3200, 400);
    for (const position of [3200, 1600, 0, -160, 8001, 1e15]) account.markReturned(position, 450);
    expect(account.heardBytes(450)).toBe(3200 + 400);
  });

  it('counts by the clock again when marks are given up, until one returns', () => {
    const account = new HeardAccount();
    account.sent(1600, 0);
    account.marked();
    account.markReturned(1600, 200);
    account.sent(3200, 200);
    account.marked();
    account.sent(8000, 200);
    expect(account.heardBytes(900)).toBe(4800);
    account.giveUpMarks();
    expect(account.heardBytes(900)).toBe(1600 + 700 * 8);
    account.markReturned(4800, 1000);
    expect(account.heardBytes(1000)).toBe(4800);
  });

  it('paces by the clock, not by how long marks take', () => {
    const account = new HeardAccount();
    account.sent(1600, 0);
    account.marked();
    expect(account.aheadBytes(150)).toBe(400);
    account.sent(400, 150);
    account.markReturned(1600, 220);
    expect(account.aheadBytes(220)).toBe(240);
    expect(account.aheadBytes(900)).toBe(0);
  });

  it('paces by a mark that shows that less is waiting than the clock says', () => {
    const account = new HeardAccount();
    account.sent(1600, 0);
    account.marked();
    account.sent(160, 0);
    account.markReturned(1600, 100);
    expect(account.aheadBytes(100)).toBe(160);
  });

  it('stays between nothing and what was sent, and never goes back but for a mark, whatever happens', () => {
    const step = fc.record({
      afterMs: fc.nat(400),
      op: fc.constantFrom('send' as const, 'mark' as const, 'return' as const, 'give up' as const),
      bytes: fc.integer({ min: 0, max: 4_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const account = new HeardAccount();
        let nowMs = 0;
        for (const { afterMs, op, bytes } of steps) {
          const before = account.heardBytes(nowMs);
          nowMs += afterMs;
          expect(account.heardBytes(nowMs)).toBeGreaterThanOrEqual(before);
          const here = account.heardBytes(nowMs);
          if (op === 'send') account.sent(bytes, nowMs);
          if (op === 'mark') account.marked();
          if (op === 'return') account.markReturned(bytes, nowMs);
          if (op === 'give up') account.giveUpMarks();
          if (op === 'send' || op === 'mark') expect(account.heardBytes(nowMs)).toBe(here);
          expect(account.heardBytes(nowMs)).toBeGreaterThanOrEqual(0);
          expect(account.heardBytes(nowMs)).toBeLessThanOrEqual(account.sentBytes);
          expect(account.aheadBytes(nowMs)).toBeLessThanOrEqual(account.sentBytes);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
