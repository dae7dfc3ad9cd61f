import { compare, figuresOf, type RunPair, withMemorySlopes } from './comparison.js';
import { type LoadResult } from './load/plan.js';
import { type RunRecord } from './run.js';
import { cellText, goalMet, goalText, renderTables } from './table.js';

function run(relay: 'bare' | 'parley', cpuMs: number, more: Partial<RunRecord> = {}, calls = 100): RunRecord {
  const latency = { count: 1000, p50: 0.2, p99: 2, max: 5 };
  const result: LoadResult = {
    windowMs: 5000,
    cpuMs,
    waitMs: 50,
    framesIn: 25_000,
    framesOut: 25_000,
    latencyIn: latency,
    latencyOut: latency,
    lostIn: 0,
    lostOut: 0,
    duplicates: 0,
    foreignBytes: 0,
    gapMs: 30,
    idleRssKib: 60_000,
    loadedRssKib: 60_000 + (relay === 'bare' ? 50 : 150) * calls,
    lag: { count: 1000, p50: 0.5, p99: 2, max: 5 },
  };
  return { relay, calls, seconds: 5, profile: 'frames', tls: false, readyMs: 60, result, ...more };
}

function pair(bareMs: number, parleyMs: number, calls = 100): RunPair {
  return { bare: run('bare', bareMs, {}, calls), parley: run('parley', parleyMs, {}, calls) };
}

describe('comparing runs', () => {
  it('turns counts into figures per frame and per call', () => {
    expect(figuresOf(run('parley', 1000))).toMatchObject({
      cpuUsPerFrame: 20,
      corePercent: 20,
      memoryKibPerCall: 150,
      gapMsPerCall: 0.3,
      waitPercent: 1,
    });
  });

  it('takes medians, and the ratio within each pair with its spread', () => {
    // The machine was slow in the second pair, for both: the ratio does not care.
    const { figures, pairsCounted } = compare([pair(1000, 1200), pair(3000, 3300), pair(1000, 1300)]);
    expect(pairsCounted).toBe(3);
    expect(figures.cpuUsPerFrame).toEqual({
      bare: 20,
      parley: 26,
      ratio: expect.closeTo(1.2) as number,
      ratioFrom: expect.closeTo(1.1) as number,
      ratioTo: expect.closeTo(1.3) as number,
    });
  });

  it('drops a pair as soon as one of its runs does not count', () => {
    const late = { ...pair(1, 1), parley: run('parley', 9000, { invalid: 'the generator was late' }) };
    const { pairsCounted, pairsDropped, figures } = compare([late, pair(1000, 1100)]);
    expect([pairsCounted, pairsDropped]).toEqual([1, 1]);
    expect(figures.cpuUsPerFrame.parley).toBe(22);
  });

  it('can show one relay alone', () => {
    const { figures, pairsCounted } = compare([{ bare: run('bare', 1000) }]);
    expect(pairsCounted).toBe(1);
    expect(figures.cpuUsPerFrame.bare).toBe(20);
    expect(figures.cpuUsPerFrame.ratio).toBeNaN();
  });

  it('tells what each further call takes, free of what the process takes anyway', () => {
    const [first, second] = withMemorySlopes([compare([pair(1, 1, 50)]), compare([pair(1, 1, 200)])]);
    expect(first?.figures.memoryKibPerFurtherCall.parley).toBeNaN();
    expect(second?.figures.memoryKibPerFurtherCall).toMatchObject({ bare: 50, parley: 150, ratio: 3 });
  });
});

describe('the table', () => {
  const figure = { bare: 20, parley: 26.123, ratio: 1.306, ratioFrom: 1.2, ratioTo: 1.4 };

  it('shows both, the ratio, its spread, and a missed goal', () => {
    expect(cellText('cpuUsPerFrame', figure)).toBe('20 → 26.1  ×1.31 (1.20–1.40) ✗');
    expect(cellText('inP99Ms', figure)).toBe('20 → 26.1  ×1.31 (1.20–1.40)');
    expect(cellText('lagP99Ms', figure)).toBe('20 → 26.1');
    expect(cellText('lostIn', { bare: 0, parley: 0, ratio: NaN, ratioFrom: NaN, ratioTo: NaN })).toBe('0 → 0');
  });

  it('holds goals for ratios and for figures apart', () => {
    expect(goalText('cpuUsPerFrame')).toBe('≤ ×1.25');
    expect(goalMet('cpuUsPerFrame', figure)).toBe(false);
    expect(goalText('memoryKibPerCall')).toBe('≤ 200');
    expect(goalMet('memoryKibPerCall', { ...figure, parley: 199 })).toBe(true);
    expect(goalMet('lostOut', { ...figure, parley: 1, ratio: NaN })).toBe(false);
    expect(goalMet('lagP99Ms', figure)).toBeUndefined();
    expect(goalMet('cpuUsPerFrame', { ...figure, ratio: NaN })).toBeUndefined();
  });

  it('has one part for each kind of audio and transport, a column for each number of calls', () => {
    const tls: RunPair = { bare: run('bare', 1000, { tls: true }), parley: run('parley', 1000, { tls: true }) };
    const text = renderTables([compare([pair(1, 1, 50)]), compare([pair(1, 1, 200)]), compare([tls])]);
    const [plain = '', overTls = ''] = text.split('\n\n');
    expect(plain).toMatch(/model socket plain/);
    expect(plain).toMatch(/50 calls.*200 calls/);
    expect(overTls).toMatch(/over TLS/);
    expect(overTls).toMatch(/100 calls/);
  });
});
