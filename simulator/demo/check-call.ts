import { loadClip, type ClipName } from '../audio/clips.js';
import { type CallReport } from '../caller/index.js';
import { ASSISTANT_CLIPS } from './cast.js';
import { bookingProblems, keyItemProblems, keyProblems } from './check-booking.js';
import { LOSS_MESSAGE, lossProblems } from './check-loss.js';
import { type Loss } from './connection-loss.js';
import { isComplaint } from './gateway-events.js';
import { type GatewayLine } from './gateway-process.js';
import { heardThroughMs } from './heard-clip.js';
import { type Interruption } from './interruption.js';
import { type BookingRequest } from './restaurant.js';

/** All that is known of the demo's call once it is over. */
export interface CallEvidence {
  /** How the gateway's process ended, if it did during the call. */
  died: string | undefined;
  report: CallReport;
  /** Why the call did not come up, if it did not. */
  explanation: string | undefined;
  interruption: Interruption | undefined;
  /** What the caller heard, 8 kHz, from the answer on. */
  heard: Int16Array;
  webhooks: readonly { event_type: string; status: number | undefined; error: string | undefined }[];
  commands: readonly { action: string; status: number | undefined }[];
  gatewayLines: readonly GatewayLine[];
  /** What came in at the restaurant. */
  bookings: readonly BookingRequest[];
  /** What the simulated model knows; undefined with the real one. */
  model: ModelEvidence | undefined;
}

export interface ModelEvidence {
  /** What it would not have taken from the gateway. */
  refused: readonly string[];
  /** The lost connection, and what came after it. */
  loss: Loss | undefined;
}

/** One frame in the gateway's account, one in the recording, one for what the last chunk is filled up with. */
const HEARD_TOLERANCE_MS = 60;
/** Far more than an answer or a silence takes on a busy machine: beyond it something is broken, not slow. */
const LONGEST_ANSWER_MS = 5000;
const LONGEST_SILENCE_MS = 2000;

/** What of the call was not as it should have been, in words; empty when it went as the demo promises. */
export function problemsOf(evidence: CallEvidence): string[] {
  const { died, explanation, report, webhooks, commands, gatewayLines, model } = evidence;
  // Nothing else is worth saying then.
  if (died !== undefined) return [`the gateway's process ended in the middle of the call (${died})`];
  if (explanation !== undefined) return [explanation, ...report.problems];
  return [
    ...report.problems,
    ...turnProblems(report),
    ...interruptionProblems(evidence),
    ...keyProblems(gatewayLines),
    // With the real model nobody knows beforehand what it says and does.
    ...(model === undefined ? [] : [...scriptProblems(evidence), ...modelProblems(evidence, model)]),
    ...webhooks
      .filter(({ status }) => status === undefined || status > 299)
      .map(
        ({ event_type: type, status, error }) => `webhook ${type} was answered with ${status ?? error ?? 'nothing'}`,
      ),
    ...commands
      .filter(({ status }) => status === undefined || status > 299)
      .map(({ action, status }) => `command “${action}” was answered with ${status ?? 'nothing'}`),
    ...gatewayLines
      .filter((line) => isComplaint(line) && !isExpected(line, model))
      .map(({ msg }) => `the gateway complained: ${msg}`),
    ...(gatewayLines.some(({ msg }) => msg === 'call ended') ? [] : ['the gateway did not end its side of the call']),
  ];
}

/** What the real model left out of its part, which is nobody's mistake; empty with the simulated one. */
export function remarksOf({ died, explanation, model, bookings, report }: CallEvidence): string[] {
  if (model !== undefined || died !== undefined || explanation !== undefined) return [];
  return [
    ...bookingProblems(bookings),
    ...(report.endedBy === 'gateway' ? [] : ['the assistant left it to the caller to hang up']),
  ];
}

/** What every part of the simulated conversation has to do. */
function scriptProblems({ report, bookings, heard }: CallEvidence): string[] {
  return [
    ...bookingProblems(bookings),
    ...(report.endedBy === 'gateway' ? [] : ['the assistant did not hang up']),
    ...clipProblems(heard),
  ];
}

function modelProblems(evidence: CallEvidence, { refused, loss }: ModelEvidence): string[] {
  return [
    ...refused.map((what) => `the model would not have taken: ${what}`),
    ...(loss === undefined ? [] : keyItemProblems(loss.known)),
    ...lossProblems({ ...evidence, loss }),
  ];
}

/** The one thing that the gateway may complain of is what the demo does to it. */
function isExpected({ msg }: GatewayLine, model: ModelEvidence | undefined): boolean {
  return msg === LOSS_MESSAGE && model !== undefined;
}

function turnProblems({ turns, greetingMs }: CallReport): string[] {
  const problems = greetingMs === undefined ? ['the caller was not greeted'] : [];
  for (const { words, pressed, answerMs, interrupts, silenceAfterInterruptionMs } of turns) {
    if (answerMs === undefined) problems.push(`${pressed ? `keys ${words}` : `“${words}”`} had no answer`);
    else if (answerMs > LONGEST_ANSWER_MS)
      problems.push(`“${words}” was answered only after ${Math.round(answerMs)} ms`);
    if (interrupts && (silenceAfterInterruptionMs ?? 0) > LONGEST_SILENCE_MS)
      problems.push(`the assistant talked on for ${Math.round(silenceAfterInterruptionMs ?? 0)} ms when interrupted`);
  }
  return problems;
}

function interruptionProblems({ interruption, model }: CallEvidence): string[] {
  if (interruption === undefined) return ['the caller could not interrupt the assistant'];
  const { heardMs, gatewayHeardMs, truncatedAtMs } = interruption;
  const problems: string[] = [];
  const compare = (who: string, ms: number | undefined): void => {
    if (ms === undefined) problems.push(`${who} does not know what was heard of the interrupted answer`);
    else if (Math.abs(ms - heardMs) > HEARD_TOLERANCE_MS)
      problems.push(
        `${who} takes ${Math.round(ms)} ms of the interrupted answer as heard, the caller heard ${Math.round(heardMs)} ms`,
      );
  };
  compare('the gateway', gatewayHeardMs);
  if (model !== undefined) compare('the model', truncatedAtMs);
  return problems;
}

const HEARD_WHOLE: readonly ClipName[] = ASSISTANT_CLIPS.filter((clip) => clip !== 'assistant-answer-long');

function clipProblems(heard: Int16Array): string[] {
  return HEARD_WHOLE.flatMap((name) => {
    const clip = loadClip(name);
    const lengthMs = clip.length / 8;
    const throughMs = heardThroughMs(heard, clip);
    if (throughMs === undefined) return [`the caller never heard the clip ${name}`];
    if (throughMs >= lengthMs) return [];
    return [`the caller heard only ${Math.round(throughMs)} of ${Math.round(lengthMs)} ms of the clip ${name}`];
  });
}
