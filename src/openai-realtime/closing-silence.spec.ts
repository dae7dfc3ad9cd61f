import { closingSilence } from './closing-silence.js';

describe('closingSilence', () => {
  it.each(['pcmu', 'pcma'] as const)('is silence in %s, longer than the model waits for more', (law) => {
    const vad = { type: 'server_vad', threshold: 0.5, prefixPaddingMs: 300, silenceMs: 500 } as const;
    const audio = Buffer.from(closingSilence(vad, law).toString('latin1'), 'base64');
    expect(audio).toEqual(Buffer.alloc(800 * 8, law === 'pcmu' ? 0xff : 0xd5));
  });

  it.each([
    ['low', 8_300],
    ['medium', 4_300],
    ['auto', 4_300],
    ['high', 2_300],
  ] as const)('lasts as long as detection by meaning (%s) waits at most: %i ms', (eagerness, ms) => {
    const silence = closingSilence({ type: 'semantic_vad', eagerness }, 'pcmu');
    expect(Buffer.from(silence.toString('latin1'), 'base64')).toHaveLength(ms * 8);
  });

  it('stays below what may wait on the socket', () => {
    expect(closingSilence({ type: 'semantic_vad', eagerness: 'low' }, 'pcmu').length).toBeLessThan(131_072);
  });
});
