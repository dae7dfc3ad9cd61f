import { type CallEvidence, problemsOf, remarksOf } from './check-call.js';
import { goodCall, turn } from './testing/good-call.js';

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
      (call) => ({ interruption: { ...call.interruption!, truncatedAtMs: undefined } }),
      /the model does not know/,
    ],
    [
      'an answer cut short',
      (call) => ({ heard: call.heard.subarray(0, call.heard.length - 8 * 600) }),
      /heard only \d+ of \d+ ms of the clip assistant-goodbye/,
    ],
    ['silence', (call) => ({ heard: new Int16Array(call.heard.length) }), /never heard the clip assistant-greeting/],
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
      (call) => ({ model: { ...call.model!, refused: ['binary frame'] } }),
      /would not have taken: binary frame/,
    ],
    [
      'an assistant that does not hang up',
      (call) => ({ report: { ...call.report, endedBy: 'caller' } }),
      /^the assistant did not hang up$/,
    ],
    ['an assistant that books nothing', () => ({ bookings: [] }), /^the assistant did not book the table$/],
    ['keys that went nowhere', (call) => ({ gatewayLines: call.gatewayLines.slice(1) }), /took no entry by keys/],
    ['a connection that was not lost', (call) => ({ model: { ...call.model!, loss: undefined } }), /was not lost/],
    ['a call that never came up', () => ({ explanation: 'nobody took the webhook' }), /^nobody took the webhook$/],
    [
      'a gateway that died',
      () => ({ died: 'SIGKILL', explanation: 'whatever' }),
      /^the gateway's process ended .*SIGKILL/,
    ],
  ])('finds %s', (_what, change, problem) => {
    const call = goodCall();
    // Looking for the clips takes a while: where it does not matter there is nothing to look in.
    const problems = problemsOf({ ...call, heard: new Int16Array(), ...change(call) });
    expect(problems.find((found) => problem.test(found))).toBeDefined();
  });

  it('does not ask of the real model what only the scripted one can do', () => {
    const call = goodCall();
    const live: CallEvidence = {
      ...call,
      model: undefined,
      interruption: { ...call.interruption!, truncatedAtMs: undefined },
      heard: new Int16Array(),
      gatewayLines: call.gatewayLines.filter(({ level }) => level < 40),
    };
    expect(problemsOf(live)).toEqual([]);
    expect(remarksOf(live)).toEqual([]);
    const free: CallEvidence = { ...live, bookings: [], report: { ...live.report, endedBy: 'caller' } };
    expect(problemsOf(free)).toEqual([]);
    expect(remarksOf(free)).toEqual([
      'the assistant did not book the table',
      'the assistant left it to the caller to hang up',
    ]);
    // A real connection that is lost is nothing that the demo has done.
    expect(problemsOf({ ...live, gatewayLines: call.gatewayLines })).toEqual([
      expect.stringMatching(/complained: model session lost/),
    ]);
  });
});
