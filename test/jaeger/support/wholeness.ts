import { type JaegerSpan, type JaegerTrace } from './jaeger-query.js';

/**
 * Jaeger's guess that another machine's clock goes wrong: it expects a child within its parent, and a call's spans come
 * after the short root. It knows no switch for the remark; the times stay as they were sent.
 */
const GUESS_ABOUT_CLOCKS = /^clock skew adjustment disabled/;

/** What Jaeger finds wrong with a trace, its guesses about clocks left out. */
export function complaints(trace: JaegerTrace): string[] {
  const about = trace.spans.flatMap(({ operationName, warnings }) =>
    (warnings ?? []).map((warning) => `${operationName}: ${warning}`),
  );
  return [...(trace.warnings ?? []), ...about].filter((text) => !GUESS_ABOUT_CLOCKS.test(text.replace(/^.*?: /, '')));
}

/** Spans whose parent is not there. */
export function orphans(trace: JaegerTrace): string[] {
  const known = new Set(trace.spans.map(({ spanID }) => spanID));
  return trace.spans
    .filter((span) => !known.has(parentId(span) ?? span.spanID))
    .map(({ operationName }) => operationName);
}

/** Undefined for the root. */
export function parentId({ references, traceID }: JaegerSpan): string | undefined {
  return references.find((reference) => reference.refType === 'CHILD_OF' && reference.traceID === traceID)?.spanID;
}

/** Names of the spans directly below a span, in order of time; those without a parent for `undefined`. */
export function below(trace: JaegerTrace, parent: string | undefined): string[] {
  const spanId = parent === undefined ? undefined : theSpan(trace, parent).spanID;
  const children = trace.spans.filter((span) => parentId(span) === spanId);
  return children.sort((a, b) => a.startTime - b.startTime).map(({ operationName }) => operationName);
}

/** The one span of this name. */
export function theSpan(trace: JaegerTrace, name: string): JaegerSpan {
  const [span, ...others] = trace.spans.filter(({ operationName }) => operationName === name);
  if (!span || others.length > 0) throw new Error(`${span ? others.length + 1 : 0} spans are named ${name}`);
  return span;
}
