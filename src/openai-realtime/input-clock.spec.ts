import { InputClock } from './input-clock.js';

const FRAME = Buffer.from(Buffer.alloc(160).toString('base64'), 'latin1');

function given(ms: number, paddingMs = 300): InputClock {
  const clock = new InputClock({ type: 'server_vad', threshold: 0.5, prefixPaddingMs: paddingMs, silenceMs: 500 });
  for (let at = 0; at < ms; at += 20) clock.given(FRAME);
  return clock;
}

describe('InputClock', () => {
  it.each([
    ['the audio given since then, without what belongs to the turn from before', 10_000, 9_600, 300, 100],
    ['no padding', 10_000, 9_600, 0, 400],
    ['less padding than usual: the session has just begun', 200, 0, 300, 0],
    ['a clock of the service that is ahead', 1_000, 60_000, 300, 0],
  ])('counts %s', (_case, givenMs, audioStartMs, paddingMs, agoMs) => {
    expect(given(givenMs, paddingMs).speechAgoMs(audioStartMs)).toBe(agoMs);
  });

  it('is exact after an hour, whatever the length of the frames', () => {
    const clock = new InputClock({ type: 'semantic_vad', eagerness: 'auto' });
    const short = Buffer.from(Buffer.alloc(161).toString('base64'), 'latin1');
    for (let frame = 0; frame < 180_000; frame++) clock.given(frame % 2 === 0 ? FRAME : short);
    expect(clock.speechAgoMs(0)).toBe((90_000 * 321) / 8 - 300);
  });

  it.each([undefined, null])('does not know where the service says %s', (audioStartMs) => {
    expect(given(1_000).speechAgoMs(audioStartMs)).toBeUndefined();
  });
});
