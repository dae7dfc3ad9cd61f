import { CallerVoice } from './caller-voice.js';

const ramp = (from: number, length: number): Int16Array => Int16Array.from({ length }, (_, i) => from + i);

describe('CallerVoice', () => {
  it('hands out speech frame by frame and silence after its end', async () => {
    const voice = new CallerVoice();
    const said = voice.say(ramp(1, 200));
    const frame = new Int16Array(160);
    expect(voice.take(frame, 0)).toBe(true);
    expect(frame).toEqual(ramp(1, 160));
    expect(voice.take(frame, 20)).toBe(true);
    expect(frame).toEqual(Int16Array.from([...ramp(161, 40), ...new Int16Array(120)]));
    await said;
    expect(voice.take(frame, 40)).toBe(false);
  });

  it('remembers when each word was said, with the pauses between', () => {
    const voice = new CallerVoice();
    const frame = new Int16Array(160);
    void voice.say(ramp(1, 320));
    voice.take(frame, 100);
    voice.take(frame, 120);
    void voice.say(ramp(1000, 160));
    voice.take(frame, 200);
    expect(voice.said.map(({ startedAtMs, samples }) => [startedAtMs, samples.length])).toEqual([
      [100, 320],
      [200, 160],
    ]);
    const pcm = voice.render(90, 230);
    expect(pcm.length).toBe(1120);
    expect([pcm[79], pcm[80], pcm[399], pcm[400], pcm[880]]).toEqual([0, 1, 320, 0, 1000]);
  });

  it('keeps speech apart that was interrupted by a lost stream', () => {
    const voice = new CallerVoice();
    const frame = new Int16Array(160);
    void voice.say(ramp(1, 320));
    voice.take(frame, 0);
    voice.take(frame, 500);
    expect(voice.said.map(({ startedAtMs, samples }) => [startedAtMs, samples[0]])).toEqual([
      [0, 1],
      [500, 161],
    ]);
  });

  it('lets nobody wait for words that will never be said', async () => {
    const voice = new CallerVoice();
    const said = voice.say(ramp(1, 320));
    voice.end();
    await said;
    await voice.say(ramp(1, 10));
    expect(voice.isSpeaking).toBe(false);
  });
});
