import { type RunRecord } from './run.js';
import { median } from './samples.js';

/** The figures that are shown, whether their ratio says something, and the goal for the ratio or for Parley's figure. */
export const FIGURES = {
  cpuUsPerFrame: { label: 'CPU per frame (µs)', ratio: true, goal: { ratio: 1.25 } },
  corePercent: { label: 'of its core (%)', ratio: false },
  inP50Ms: { label: 'caller to model p50 (ms)', ratio: true, goal: { ratio: 1.2 } },
  inP99Ms: { label: 'caller to model p99 (ms)', ratio: true, goal: { ratio: 1.5 } },
  outP50Ms: { label: 'model to caller p50 (ms)', ratio: true, goal: { ratio: 1.2 } },
  outP99Ms: { label: 'model to caller p99 (ms)', ratio: true, goal: { ratio: 1.5 } },
  memoryMib: { label: 'memory under load (MiB)', ratio: true },
  memoryKibPerCall: { label: 'memory per call (KiB)', ratio: true, goal: { most: 200 } },
  memoryKibPerFurtherCall: { label: 'memory per further call (KiB)', ratio: true },
  lostIn: { label: 'lost, caller to model', ratio: false, goal: { most: 0 } },
  lostOut: { label: 'lost, model to caller', ratio: false, goal: { most: 0 } },
  gapMsPerCall: { label: 'gaps in answers per call (ms)', ratio: false },
  readyMs: { label: 'start to ready (ms)', ratio: false, goal: { most: 2000 } },
  waitPercent: { label: 'waited for its core (%)', ratio: false },
  lagP99Ms: { label: 'generator late p99 (ms)', ratio: false },
  lagMaxMs: { label: 'generator late at most (ms)', ratio: false },
} as const satisfies Record<string, { label: string; ratio: boolean; goal?: { ratio: number } | { most: number } }>;

export type FigureName = keyof typeof FIGURES;
export type Figures = Record<FigureName, number>;

/** The figures of one run; undefined for a run that does not count. */
export function figuresOf(run: RunRecord): Figures | undefined {
  const { result, readyMs = NaN } = run;
  if (result === undefined || run.invalid !== undefined) return undefined;
  return {
    cpuUsPerFrame: (1000 * result.cpuMs) / (result.framesIn + result.framesOut),
    corePercent: (100 * result.cpuMs) / result.windowMs,
    inP50Ms: result.latencyIn.p50,
    inP99Ms: result.latencyIn.p99,
    outP50Ms: result.latencyOut.p50,
    outP99Ms: result.latencyOut.p99,
    memoryMib: result.loadedRssKib / 1024,
    memoryKibPerFurtherCall: NaN,
    memoryKibPerCall: (result.loadedRssKib - result.idleRssKib) / run.calls,
    lostIn: result.lostIn,
    lostOut: result.lostOut,
    gapMsPerCall: result.gapMs / run.calls,
    readyMs,
    waitPercent: (100 * result.waitMs) / result.windowMs,
    lagP99Ms: result.lag.p99,
    lagMaxMs: result.lag.max,
  };
}

/** One figure of both relays: medians, and the median of the ratios within each pair with their spread. */
export interface ComparedFigure {
  bare: number;
  parley: number;
  ratio: number;
  ratioFrom: number;
  ratioTo: number;
}

export type RunPair = Partial<Record<'bare' | 'parley', RunRecord>>;

/** What all pairs of one kind came to. A relay that was not run has NaN. */
export interface Comparison {
  calls: number;
  profile: RunRecord['profile'];
  tls: boolean;
  pairsCounted: number;
  pairsDropped: number;
  figures: Record<FigureName, ComparedFigure>;
}

/** Whether every run of the pair counts. */
export function pairCounts(pair: RunPair): boolean {
  return Object.values(pair).every((run) => figuresOf(run) !== undefined);
}

/** Compares the pairs of one kind (same calls, profile, transport); only whole pairs count. */
export function compare(pairs: readonly RunPair[]): Comparison {
  const kind = pairs.flatMap((pair) => Object.values(pair))[0];
  if (kind === undefined) throw new Error('nothing to compare');
  const counted = pairs.filter(pairCounts).map((pair) => ({
    bare: pair.bare && figuresOf(pair.bare),
    parley: pair.parley && figuresOf(pair.parley),
  }));
  const figures = Object.fromEntries(
    (Object.keys(FIGURES) as FigureName[]).map((name) => {
      const bare = counted.map((pair) => pair.bare?.[name] ?? NaN);
      const parley = counted.map((pair) => pair.parley?.[name] ?? NaN);
      const ratios = parley.map((value, i) => value / (bare[i] ?? NaN));
      const compared: ComparedFigure = {
        bare: median(bare),
        parley: median(parley),
        ratio: median(ratios),
        ratioFrom: Math.min(...ratios),
        ratioTo: Math.max(...ratios),
      };
      return [name, compared];
    }),
  ) as Record<FigureName, ComparedFigure>;
  const { calls, profile, tls } = kind;
  return {
    calls,
    profile,
    tls,
    pairsCounted: counted.length,
    pairsDropped: pairs.length - counted.length,
    figures,
  };
}

/**
 * Adds what each call costs beyond the number of calls in the comparison before it (same profile and transport). A process
 * grows with its first calls whatever they are: code is compiled, the heap is given room. This is free of that.
 */
export function withMemorySlopes(comparisons: readonly Comparison[]): Comparison[] {
  return comparisons.map((comparison) => {
    const smaller = comparisons
      .filter(({ calls, profile, tls }) => {
        return calls < comparison.calls && profile === comparison.profile && tls === comparison.tls;
      })
      .at(-1);
    if (smaller === undefined) return comparison;
    const perCall = (relay: 'bare' | 'parley'): number =>
      ((comparison.figures.memoryMib[relay] - smaller.figures.memoryMib[relay]) * 1024) /
      (comparison.calls - smaller.calls);
    const bare = perCall('bare');
    const parley = perCall('parley');
    const ratio = parley / bare;
    const slope: ComparedFigure = { bare, parley, ratio, ratioFrom: ratio, ratioTo: ratio };
    return { ...comparison, figures: { ...comparison.figures, memoryKibPerFurtherCall: slope } };
  });
}
