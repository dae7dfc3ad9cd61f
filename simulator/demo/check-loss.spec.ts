import { CLIP_TEXTS } from '../audio/clips.js';
import { lossAnswers, type LossEvidence, lossProblems, resumedAfterMs } from './check-loss.js';
import { type Loss } from './connection-loss.js';
import { goodCall, goodLoss, message } from './testing/good-call.js';

function evidence(change: Partial<Loss> = {}): LossEvidence {
  return { ...goodCall(), loss: { ...goodLoss(), ...change } };
}

function toldWithout(pattern: RegExp): Loss['told'] {
  return goodLoss().told.filter(({ text, output }) => !pattern.test(text + (output ?? '')));
}

describe('the check of the lost connection', () => {
  it('finds nothing wrong when the gateway goes on as if nothing had been', () => {
    expect(lossProblems(evidence())).toEqual([]);
    expect(resumedAfterMs(goodLoss(), goodCall().gatewayLines)).toBe(12);
  });

  it.each<[string, Partial<Loss>, RegExp]>([
    ['a third session', { sessionsUsed: 3 }, /3 sessions of the model heard the caller/],
    ['a session that had to be connected first', { wasWarm: false }, /that it had ready/],
    ['words that the new session did not hear', { heardMs: 1700 }, /heard only 1700 of 3155 ms/],
    [
      'a second greeting',
      { said: [CLIP_TEXTS['assistant-greeting'], CLIP_TEXTS['assistant-goodbye']] },
      /the new session said \["Hello/,
    ],
    ['a silent new session', { said: [] }, /the new session said \[\]/],
    ['a question that was forgotten', { told: toldWithout(/^Hi, I would/) }, /not told that the user said “Hi/],
    ['an answer that was forgotten', { told: toldWithout(/^Friday at seven/) }, /assistant said “Friday at seven/],
    ['keys that were forgotten', { told: toldWithout(/keys:/) }, /of the keys \[\], not of one entry/],
    [
      'keys that became two entries',
      { told: [...toldWithout(/keys:/), message('user', '4 7'), message('user', '1 1')] },
      /of the keys \["47","11"\]/,
    ],
    ['a booking that was forgotten', { told: toldWithout(/booked"/) }, /not told what was booked/],
    [
      'an interrupted answer as it was sent, not as it was heard',
      { told: [...toldWithout(/^On Thursday/), message('assistant', CLIP_TEXTS['assistant-answer-long'])] },
      /was told “On Thursday .*” of the interrupted answer/,
    ],
  ])('finds %s', (_what, change, problem) => {
    expect(lossProblems(evidence(change)).find((found) => problem.test(found))).toBeDefined();
  });

  it('finds a loss that was noticed, and knows what is usual from the turns that were spoken', () => {
    const { report, ...rest } = evidence();
    const [first, second, keys, last] = report.turns;
    const turns = [{ ...first!, answerMs: 900 }, second!, { ...keys!, answerMs: 4000 }, { ...last!, answerMs: 2500 }];
    expect(lossAnswers({ ...report, turns })).toEqual({ lostMs: 2500, usualMs: 900 });
    expect(lossProblems({ ...rest, report: { ...report, turns } })).toEqual([
      'the loss was noticed: the answer took 2500 ms, others 900 ms',
    ]);
  });

  it('finds a gateway that lost more than it was made to lose', () => {
    const { gatewayLines, ...rest } = evidence();
    const twice = [
      ...gatewayLines,
      { level: 40, time: 2, msg: 'model session lost' },
      { level: 30, time: 3, msg: 'goes on', resumes: 2 },
    ];
    expect(lossProblems({ ...rest, gatewayLines: twice })).toEqual([
      'the gateway says “model session lost” 2 times, not once',
      'the gateway goes on in a new session 2 times, not once',
    ]);
  });
});
