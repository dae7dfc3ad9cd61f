import { response, T0, turn } from './testing/turns.js';
import { turnLatencies } from './turn-latencies.js';

describe('turnLatencies', () => {
  it('counts from the end of what the caller said', () => {
    expect(turnLatencies(turn())).toEqual({
      responseCreatedMs: 150,
      modelAudioMs: 400,
      audioSentMs: 420,
      audioHeardMs: 600,
    });
  });

  it('counts from the beginning of a turn in which the caller said nothing', () => {
    const greeting = turn({ cause: 'greeting', callerSpeech: undefined });
    expect(turnLatencies(greeting)).toMatchObject({ responseCreatedMs: 1_150, audioHeardMs: 1_600 });
  });

  it('does not count an answer that was given up because the caller went on', () => {
    const early = response({ createdAtMs: T0 + 700, firstAudioAtMs: T0 + 900, dropped: true });
    const dropped = response({ createdAtMs: T0 + 1_010, firstAudioAtMs: T0 + 1_020, dropped: true });
    const latencies = turnLatencies(turn({ responses: [early, dropped, response()] }));
    expect(latencies).toMatchObject({ responseCreatedMs: 150, modelAudioMs: 400 });
  });

  it('counts the first audio of any response: the first one may only have called a tool', () => {
    const call = response({ firstAudioAtMs: undefined });
    const answer = response({ createdAtMs: T0 + 2_000, firstAudioAtMs: T0 + 2_300 });
    const latencies = turnLatencies(turn({ responses: [call, answer] }));
    expect(latencies).toMatchObject({ responseCreatedMs: 150, modelAudioMs: 1_300 });
  });

  it('says nothing of what never came', () => {
    const playout = { firstSentAtMs: T0 + 1_420, firstHeardAtMs: undefined, endedAtMs: T0 + 1_500 };
    expect(turnLatencies(turn({ playout })).audioHeardMs).toBeUndefined();
    expect(turnLatencies(turn({ responses: [], playout: undefined }))).toEqual({
      responseCreatedMs: undefined,
      modelAudioMs: undefined,
      audioSentMs: undefined,
      audioHeardMs: undefined,
    });
  });
});
