import { type Spread, spreadOf } from '../../cli/call-summary.js';
import { type ClusterCaller, type Turn } from './caller.js';
import { type Hole } from './conversation.js';
import { type Happened, type ScenarioName } from './scenarios.js';

/** What became of one call. Times in ms. */
export interface CallOutcome {
  number: number;
  kept: boolean;
  /** How often another pod took the conversation over. */
  moves: number;
  /**
   * The silence that the caller heard: after the event until the assistant was heard again where it was speaking, else the
   * longest wait for an answer since the event.
   */
  gapMs: number | undefined;
  /** Waits for an answer before the event: what is usual here. */
  usualWaitsMs: number[];
  /** From the event to what was waited for: resumed speech, or the media stream on another pod. */
  resumedMs: number | undefined;
  /** Between two media streams. */
  streamGapsMs: number[];
  turns: number;
  unanswered: number;
  /** What the session that has the conversation now was not told. */
  lost: Hole;
}

export interface ClusterReport {
  ok: boolean;
  scenario: ScenarioName;
  pods: number;
  seed: number;
  callsKept: number;
  callsLost: number;
  gapMs: Spread | undefined;
  usualWaitMs: Spread | undefined;
  resumedMs: Spread | undefined;
  streamGapMs: Spread | undefined;
  moves: Spread | undefined;
  lost: { answers: number; turns: number; unanswered: number };
  /** Commands that Telnyx got, by name. */
  commands: Record<string, number>;
  problems: string[];
  /** Worst lateness of this program in sending a media frame. */
  generatorLateMs: number;
  calls: CallOutcome[];
}

/** @param callers once their calls are over */
export function outcomesOf(callers: readonly ClusterCaller[], happened: Happened): CallOutcome[] {
  return callers.map((caller, index) => outcomeOf(caller, index + 1, happened));
}

function outcomeOf(caller: ClusterCaller, number: number, { atMs, resumption }: Happened): CallOutcome {
  const { call, turns, kept, unanswered } = caller;
  const { moves, hole } = caller.conversation();
  const sinceMs = call.heard.sinceAnswer(atMs);
  const speaking = resumption === 'speech';
  const after = speaking && sinceMs > 0 ? call.heard.gapAfter(sinceMs) : undefined;
  const { usualMs, laterMs } = waitsAround(turns, sinceMs);
  const streams = call.sockets.filter(({ startedAtMs }) => startedAtMs !== undefined);
  const moved =
    resumption === 'stream' ? streams.slice(1).find(({ startedAtMs = NaN }) => startedAtMs > atMs) : undefined;
  return {
    number,
    kept,
    moves,
    gapMs: speaking ? after && after.toMs - after.fromMs : laterMs.length === 0 ? undefined : Math.max(...laterMs),
    usualWaitsMs: usualMs,
    resumedMs: speaking ? after && after.toMs - sinceMs : moved && (moved.startedAtMs ?? NaN) - atMs,
    streamGapsMs: streams
      .slice(1)
      .map(({ startedAtMs = NaN }, index) => startedAtMs - (streams[index]?.closedAtMs ?? startedAtMs)),
    turns: turns.length,
    unanswered,
    lost: hole,
  };
}

/** Waits for an answer of the turns before and after a moment (ms since the answer, as the turns' own). */
export function waitsAround(turns: readonly Turn[], atMs: number): { usualMs: number[]; laterMs: number[] } {
  const waits = { usualMs: [] as number[], laterMs: [] as number[] };
  for (const { askedAtMs, answeredAtMs } of turns) {
    if (answeredAtMs === undefined) continue;
    waits[answeredAtMs < atMs ? 'usualMs' : 'laterMs'].push(answeredAtMs - askedAtMs);
  }
  return waits;
}

/** Puts the calls together. Lost calls, holes in a conversation, unanswered turns and hang-ups by the gateway are problems. */
export function reportOf(
  facts: Pick<ClusterReport, 'scenario' | 'pods' | 'seed' | 'commands' | 'generatorLateMs'>,
  calls: CallOutcome[],
  others: readonly string[] = [],
): ClusterReport {
  const sum = (value: (call: CallOutcome) => number): number => calls.reduce((total, call) => total + value(call), 0);
  const callsLost = sum(({ kept }) => (kept ? 0 : 1));
  const lost = {
    answers: sum((call) => call.lost.answers),
    turns: sum((call) => call.lost.turns),
    unanswered: sum((call) => call.unanswered),
  };
  const hangUps = facts.commands['hangup'] ?? 0;
  const problems = [...others];
  if (calls.length === 0) problems.push('no call was placed');
  if (callsLost > 0) problems.push(`lost: ${numbersOf(calls, ({ kept }) => !kept)}`);
  if (lost.answers + lost.turns > 0)
    problems.push(`words lost: ${numbersOf(calls, (call) => call.lost.answers + call.lost.turns > 0)}`);
  if (lost.unanswered > 0)
    problems.push(`a turn without an answer: ${numbersOf(calls, (call) => call.unanswered > 0)}`);
  if (hangUps > 0) problems.push(`the gateway hung up ${hangUps} times`);
  return {
    ok: problems.length === 0,
    ...facts,
    callsKept: calls.length - callsLost,
    callsLost,
    gapMs: spreadOf(calls.map(({ gapMs }) => gapMs)),
    usualWaitMs: spreadOf(calls.flatMap(({ usualWaitsMs }) => usualWaitsMs)),
    resumedMs: spreadOf(calls.map(({ resumedMs }) => resumedMs)),
    streamGapMs: spreadOf(calls.flatMap(({ streamGapsMs }) => streamGapsMs)),
    moves: spreadOf(calls.map(({ moves }) => moves)),
    lost,
    problems,
    calls,
  };
}

function numbersOf(calls: readonly CallOutcome[], chosen: (call: CallOutcome) => boolean): string {
  const numbers = calls.filter(chosen).map(({ number }) => number);
  return `${numbers.length === 1 ? 'call' : 'calls'} ${numbers.join(', ')}`;
}

/** How often each command was asked for. */
export function countByAction(requests: readonly { readonly action: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { action } of requests) counts[action] = (counts[action] ?? 0) + 1;
  return counts;
}
