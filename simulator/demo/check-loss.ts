import { CLIP_TEXTS } from '../audio/clips.js';
import { BOOKING_KEYS, type CallReport } from '../caller/index.js';
import { ASSISTANT_CLIPS, CALLER_CLIPS, type KnownItem, keysIn } from './cast.js';
import { type Loss, LOST_IN } from './connection-loss.js';
import { isResume } from './gateway-events.js';
import { type GatewayLine } from './gateway-process.js';
import { type Interruption } from './interruption.js';
import { BOOKING_TOOL } from './restaurant.js';

/** Beyond what the other turns took: a caller who waits longer than this notices that something is wrong. */
const NOTICED_AFTER_MS = 1500;
/** Of the end of a sentence: the first 10 ms windows of a pause, and one frame. */
const SENTENCE_TOLERANCE_MS = 120;
/** Share of the audio is not share of the letters: a word more or less. */
const WORDS_TOLERANCE = 12;

export interface LossEvidence {
  loss: Loss | undefined;
  report: CallReport;
  interruption: Interruption | undefined;
  gatewayLines: readonly GatewayLine[];
}

/** How the gateway's own log tells of it. */
export const LOSS_MESSAGE = 'model session lost';

/** Milliseconds from the loss until the gateway had gone on; undefined: it did not. */
export function resumedAfterMs({ at }: Loss, lines: readonly GatewayLine[]): number | undefined {
  const line = lines.find(isResume);
  return line && line.time - at;
}

/** The wait for an answer in the turn of the loss, and the longest of the other turns in which the caller spoke. */
export function lossAnswers({ turns }: CallReport): { lostMs: number | undefined; usualMs: number } {
  const spoken = turns.filter(({ pressed }) => pressed === undefined);
  const lost = spoken.find(({ words }) => words === CLIP_TEXTS[LOST_IN]);
  const others = spoken.filter((turn) => turn !== lost);
  return { lostMs: lost?.answerMs, usualMs: Math.max(0, ...others.map(({ answerMs }) => answerMs ?? 0)) };
}

/** What was wrong with the way in which the gateway got over the lost connection, in words. */
export function lossProblems({ loss, report, interruption, gatewayLines }: LossEvidence): string[] {
  if (loss === undefined) return ['the connection to the model was not lost, or nobody went on without it'];
  const problems: string[] = [];
  const losses = gatewayLines.filter(({ msg }) => msg === LOSS_MESSAGE).length;
  if (losses !== 1) problems.push(`the gateway says “${LOSS_MESSAGE}” ${losses} times, not once`);
  const resumes = gatewayLines.filter(isResume).length;
  if (resumes !== 1) problems.push(`the gateway goes on in a new session ${resumes} times, not once`);
  if (loss.sessionsUsed !== 2) problems.push(`${loss.sessionsUsed} sessions of the model heard the caller, not 2`);
  if (!loss.wasWarm) problems.push('the gateway did not go on in a session that it had ready');
  const { lostMs, usualMs } = lossAnswers(report);
  if (lostMs !== undefined && lostMs > usualMs + NOTICED_AFTER_MS)
    problems.push(`the loss was noticed: the answer took ${Math.round(lostMs)} ms, others ${Math.round(usualMs)} ms`);
  if (loss.heardMs < loss.sentenceMs - SENTENCE_TOLERANCE_MS)
    problems.push(
      `the new session heard only ${Math.round(loss.heardMs)} of ${Math.round(loss.sentenceMs)} ms of the sentence`,
    );
  const goodbye = CLIP_TEXTS['assistant-goodbye'];
  if (loss.said.length !== 1 || loss.said[0] !== goodbye)
    problems.push(`the new session said ${JSON.stringify(loss.said)}, not just “${goodbye}”`);
  return [...problems, ...historyProblems(loss.told, interruption)];
}

function historyProblems(told: readonly KnownItem[], interruption: Interruption | undefined): string[] {
  const problems: string[] = [];
  const saidBy = (who: 'user' | 'assistant'): string[] =>
    told.filter(({ role }) => role === who).map(({ text }) => text);
  const expectTold = (who: 'user' | 'assistant', words: readonly string[]): void => {
    const missing = words.filter((text) => !saidBy(who).includes(text));
    for (const text of missing) problems.push(`the new session was not told that the ${who} said “${text}”`);
  };
  const beforeTheLoss = CALLER_CLIPS.filter((clip) => clip !== LOST_IN).map((clip) => CLIP_TEXTS[clip]);
  expectTold('user', beforeTheLoss);
  const cut = 'assistant-answer-long';
  const whole = ASSISTANT_CLIPS.filter((clip) => clip !== cut && clip !== 'assistant-goodbye');
  expectTold(
    'assistant',
    whole.map((clip) => CLIP_TEXTS[clip]),
  );
  const heardWords = interruption?.heardWords ?? '';
  const told0 = saidBy('assistant').find((text) => text.startsWith(CLIP_TEXTS[cut].slice(0, 10)));
  if (told0 === undefined || Math.abs(told0.length - heardWords.length) > WORDS_TOLERANCE)
    problems.push(`the new session was told “${told0}” of the interrupted answer, the caller heard “${heardWords}”`);
  const entries = saidBy('user')
    .map(keysIn)
    .filter((keys) => keys !== '');
  if (entries.length !== 1 || entries[0] !== BOOKING_KEYS.digits)
    problems.push(`the new session was told of the keys ${JSON.stringify(entries)}, not of one entry`);
  const call = told.find(({ type }) => type === 'function_call');
  const output = told.find(({ type }) => type === 'function_call_output')?.output;
  if (call?.name !== BOOKING_TOOL || output === undefined || !output.includes('booked'))
    problems.push('the new session was not told what was booked');
  return problems;
}
