import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runDemo } from '../demo/run-demo.js';
import { QUIET_VIEW } from '../demo/view.js';
import { type TraceSpan } from './span.js';
import { traceOverTwoPods } from './two-pods.js';
import { waterfallSvg } from './waterfall-svg.js';

/** Makes one turn of the demo's call the slow one. */
const SLOW_TOOL_MS = 2_400;
const FOLDER = process.argv[2] ?? join('docs', 'images');

/** Draws the pictures of docs/observability.md from the spans of real calls between the doubles. Takes a minute. */
async function main(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const run = await runDemo(undefined, QUIET_VIEW, new AbortController().signal, SLOW_TOOL_MS);
  if (!run || run.trace.length === 0) throw new Error('the call of the demo has no trace');
  const { trace } = run;
  draw('trace-call', 'One call: set-up, five turns, a session that was lost, the end', trace);
  const tool = spanNamed(trace, (span) => span.name.startsWith('execute_tool book_table'));
  draw('trace-slow-turn', 'A slow turn: the caller waited for the tool', trace, tool.parentSpanId);
  const cut = spanNamed(trace, ({ attributes }) => attributes['parley.turn.outcome'] === 'interrupted');
  draw('trace-interrupted-turn', 'An interrupted turn: far more audio was made than was heard', trace, cut.spanId);
  draw('trace-two-pods', 'A call whose pod was killed, and which went on at another one', await traceOverTwoPods());
}

function draw(name: string, title: string, spans: readonly TraceSpan[], of?: string): void {
  const path = join(FOLDER, `${name}.svg`);
  writeFileSync(path, waterfallSvg(spans, { title, ...(of !== undefined && { of }) }));
  process.stdout.write(`${path}\n`);
}

function spanNamed(trace: readonly TraceSpan[], predicate: (span: TraceSpan) => boolean): TraceSpan {
  const found = trace.find(predicate);
  if (!found) throw new Error('the trace of the demo has not the spans that the pictures are of');
  return found;
}

await main();
