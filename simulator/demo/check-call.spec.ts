import { loadClip } from '../audio/clips.js';
import { concat, silence } from '../audio/signals.js';
import { type CallEvidence, problemsOf } from './check-call.js';

function turn(words: string, interrupts = false) {
  return {
    words,
    fromMs: 0,
    toMs: 1,
    interrupts,
    answerMs: 800,
    ...(interrupts && { silenceAfterInterruptionMs: 130 }),
  };
}

function goodCall(): CallEvidence {
  const long = loadClip('assistant-answer-long').subarray(0, 8 * 2700);
  const clips = [
    loadClip('assistant-greeting'),
    long,
    loadClip('assistant-answer-short'),
    loadClip('assistant-goodbye'),
  ];
  return {
    report: {
      script: 'booking',
      greetingMs: 400,
      turns: [turn('question'), turn('interruption', true), turn('goodbye')],
      endedBy: 'caller',
      durationMs: 31_000,
      heard: [],
      problems: [],
    },
    died: undefined,
    explanation: undefined,
    interruption: {
      heardMs: 2700,
      generatedMs: 9766,
      gatewayHeardMs: 2690,
      truncatedAtMs: 2690,
      heardWords: undefined,
    },
    heard: concat(...clips.flatMap((clip) => [silence(500), clip])),
    webhooks: [{ event_type: 'call.initiated', status: 200, error: undefined }],
    commands: [{ action: 'answer', status: 200 }],
    gatewayLines: [{ level: 30, time: 1, msg: 'call ended' }],
    refusedByModel: [],
  };
}

describe('the check of the demo', () => {
  it('finds nothing wrong with a good call', () => {
    expect(problemsOf(goodCall())).toEqual([]);
  });

  it.each<[string, (call: CallEvidence) => Partial<CallEvidence>, RegExp]>([
    [
      'a script that could not be followed',
      (call) => ({ report: { ...call.report, problems: ['the call ended'] } }),
      /^the call ended$/,
    ],
    ['no greeting', (call) => ({ report: { ...call.report, greetingMs: undefined } }), /not greeted/],
    [
      'a turn without answer',
      (call) => ({ report: { ...call.report, turns: [{ ...turn('question'), answerMs: undefined }] } }),
      /“question” had no answer/,
    ],
    [
      'an assistant that talks on',
      (call) => ({ report: { ...call.report, turns: [{ ...turn('x', true), silenceAfterInterruptionMs: 7000 }] } }),
      /talked on for 7000 ms/,
    ],
    ['no interruption', () => ({ interruption: undefined }), /could not interrupt/],
    [
      'a gateway that takes what was sent for heard',
      (call) => ({ interruption: { ...call.interruption!, gatewayHeardMs: 2900 } }),
      /the gateway takes 2900 ms .* the caller heard 2700 ms/,
    ],
    [
      'a model that was not told',
      (call) => ({ interruption: { ...call.interruption!, truncatedAtMs: undefined }, refusedByModel: [] }),
      /the model does not know/,
    ],
    [
      'an answer cut short',
      (call) => ({ heard: call.heard.subarray(0, call.heard.length - 8 * 600), refusedByModel: [] }),
      /heard only \d+ of \d+ ms of the clip assistant-goodbye/,
    ],
    [
      'silence',
      (call) => ({ heard: new Int16Array(call.heard.length), refusedByModel: [] }),
      /never heard the clip assistant-greeting/,
    ],
    [
      'a webhook that failed',
      () => ({ webhooks: [{ event_type: 'call.hangup', status: 500, error: undefined }] }),
      /webhook call.hangup was answered with 500/,
    ],
    [
      'a command that failed',
      () => ({ commands: [{ action: 'answer', status: 422 }] }),
      /“answer” was answered with 422/,
    ],
    [
      'a complaint of the gateway',
      (call) => ({ gatewayLines: [...call.gatewayLines, { level: 40, time: 1, msg: 'hm' }] }),
      /complained: hm/,
    ],
    ['a call that the gateway still holds', () => ({ gatewayLines: [] }), /did not end its side/],
    [
      'a frame that the service refuses',
      () => ({ refusedByModel: ['binary frame'] }),
      /would not have taken: binary frame/,
    ],
    ['a call that never came up', () => ({ explanation: 'nobody took the webhook' }), /^nobody took the webhook$/],
    [
      'a gateway that died',
      () => ({ died: 'SIGKILL', explanation: 'whatever' }),
      /^the gateway's process ended .*SIGKILL/,
    ],
  ])('finds %s', (_what, change, problem) => {
    const call = goodCall();
    // Looking for the clips takes a while, and is only asked for where it matters.
    const problems = problemsOf({ ...call, refusedByModel: undefined, ...change(call) });
    expect(problems.find((found) => problem.test(found))).toBeDefined();
  });

  it('does not ask of the real model what only the scripted one can do', () => {
    const call = goodCall();
    const interruption = { ...call.interruption!, truncatedAtMs: undefined };
    expect(problemsOf({ ...call, interruption, refusedByModel: undefined, heard: new Int16Array() })).toEqual([]);
  });
});
