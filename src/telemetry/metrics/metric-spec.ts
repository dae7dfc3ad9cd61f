/** `counter` and `up-down` are sums over pods; a `gauge` is not (a share, a delay). Histograms are recorded, the others read. */
export type MetricKind = 'counter' | 'up-down' | 'gauge' | 'histogram';

/** An attribute of a metric. Every metric has few of them, with few values: each combination is a series of its own. */
export interface AttributeSpec {
  /** All it can be; undefined where the configuration decides, or a standard. */
  readonly values: readonly string[] | undefined;
  /** What it is, where the values do not say it. */
  readonly note?: string;
  /** Left out where there is nothing to say. */
  readonly optional?: boolean;
}

/** What is said of a metric, for the instrument and for the documentation. */
export interface MetricSpec {
  readonly kind: MetricKind;
  /** UCUM; what is counted stands in braces, and is no unit. */
  readonly unit: string;
  readonly description: string;
  readonly attributes: Readonly<Record<string, AttributeSpec>>;
  /** Upper bounds of a histogram's buckets, in its unit. */
  readonly buckets?: readonly number[];
}

/** Metrics that belong together, under a heading of the documentation. */
export interface MetricGroup {
  readonly title: string;
  readonly metrics: Readonly<Record<string, MetricSpec>>;
}

/** Checks a group, and keeps its names and values as types. */
export function metricGroup<const M extends Readonly<Record<string, MetricSpec>>>(title: string, metrics: M) {
  return { title, metrics };
}

/** An attribute that is always there, and is one of these. */
export function oneOf<const V extends string>(values: readonly V[], note?: string) {
  return { values, ...(note === undefined ? {} : { note }) };
}

/** An attribute that is there only where something went wrong. */
export function ifFailed<const V extends string>(values: readonly V[]) {
  return { values, optional: true } as const;
}

/** An attribute whose few values the configuration decides, or a standard. */
export function known(note: string) {
  return { values: undefined, note } as const;
}

type ValueOf<A> = A extends { values: readonly (infer V)[] } ? V : string;
type OptionalIn<A> = { [K in keyof A]: A[K] extends { optional: true } ? K : never }[keyof A];

/** The attributes that go with a value of a metric. */
export type AttributesOf<S extends MetricSpec> = {
  [K in Exclude<keyof S['attributes'], OptionalIn<S['attributes']>>]: ValueOf<S['attributes'][K]>;
} & { [K in OptionalIn<S['attributes']>]?: ValueOf<S['attributes'][K]> | undefined };

/** All members of a union, checked: one that is missing here does not compile. */
export function allOf<K extends string>(members: Record<K, true>): readonly K[] {
  return Object.keys(members) as K[];
}
