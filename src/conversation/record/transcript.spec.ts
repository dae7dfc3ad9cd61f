import fc from 'fast-check';
import { type HistoryItem } from '../model.port.js';
import { Transcript } from './transcript.js';

function words(item: HistoryItem | undefined): string {
  return item && item.role !== 'tool' ? item.text : '';
}

const SENTENCE = 'Your appointment is on Friday at ten.';

function saying(text: string, heard?: number): string[] {
  const log = new Transcript(() => 0);
  log.assistantSpeaks('a');
  log.assistantWords('a', text);
  if (heard !== undefined) log.assistantHeard('a', heard);
  return log.history().map(words);
}

describe('Transcript', () => {
  it('tells what was said in the order of the turns, whenever the words came', () => {
    const log = new Transcript(() => 0);
    log.assistantSpeaks('greeting');
    log.assistantWords('greeting', 'Hello, ');
    log.assistantWords('greeting', 'how can I help?');
    log.callerTurn('turn');
    log.assistantWords('answer', 'Of ');
    log.assistantSpeaks('answer');
    log.assistantWords('answer', 'course.');
    log.callerWords('turn', 'I want to move my appointment.');
    expect(log.history()).toEqual([
      { role: 'assistant', text: 'Hello, how can I help?' },
      { role: 'caller', text: 'I want to move my appointment.' },
      { role: 'assistant', text: 'Of course.' },
    ]);
  });

  it('tells of the assistant what was heard, up to a word', () => {
    expect(saying(SENTENCE)).toEqual([SENTENCE]);
    expect(saying(SENTENCE, 1)).toEqual([SENTENCE]);
    expect(saying(SENTENCE, 0.5)).toEqual(['Your appointment …']);
    expect(saying(SENTENCE, 0.05)).toEqual([]);
    expect(saying(SENTENCE, 0)).toEqual([]);
  });

  it('never tells more of an item than was heard of it, for any share', () => {
    const wordLists = fc.array(fc.stringMatching(/^[a-zäöü]{1,12}$/), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(wordLists, fc.double({ min: -1, max: 2, noNaN: true }), (list, heard) => {
        const text = list.join(' ');
        const [told = ''] = saying(text, heard);
        const kept = told.replace(/ …$/, '');
        expect(text.startsWith(kept)).toBe(true);
        expect(kept.length).toBeLessThanOrEqual(Math.max(0, heard) * text.length);
        if (kept !== '') expect(list).toContain(kept.split(' ').at(-1));
      }),
    );
  });

  it('tells nothing of words whose audio never came', () => {
    const log = new Transcript(() => 0);
    log.assistantWords('a', SENTENCE);
    expect(log.history()).toEqual([]);
  });

  it('leaves out turns without words, and what was taken out', () => {
    const log = new Transcript(() => 0);
    log.callerTurn('no words yet');
    log.callerTurn('noise');
    log.callerWords('noise', 'hm');
    log.forget('noise');
    expect(log.history()).toEqual([]);
  });

  it('does not bring back what was taken out, or never was a turn, with its late words', () => {
    const log = new Transcript(() => 0);
    log.callerTurn('noise');
    log.forget('noise');
    log.callerWords('noise', 'hm');
    log.callerWords('never a turn', 'hm');
    expect(log.history()).toEqual([]);
  });

  it('keeps the last part of a long talk, whole items only', () => {
    const log = new Transcript(() => 0);
    for (let turn = 0; turn < 3_000; turn++) {
      log.callerTurn(`c${turn}`);
      log.callerWords(`c${turn}`, `${turn} ${'x'.repeat(95)}`);
    }
    const history = log.history();
    const characters = history.reduce((sum, item) => sum + words(item).length, 0);
    expect(characters).toBeLessThanOrEqual(24_000);
    expect(characters).toBeGreaterThan(23_000);
    expect(words(history.at(-1))).toMatch(/^2999 /);
    expect(history.every((item) => words(item).endsWith('x'.repeat(95)))).toBe(true);
  });
});
