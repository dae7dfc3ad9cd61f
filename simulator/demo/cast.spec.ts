import { CLIP_TEXTS, type ClipName } from '../audio/clips.js';
import { type ScriptedReply } from '../realtime/index.js';
import { type KnownItem, keysIn, replyTo } from './cast.js';

function message(role: 'user' | 'assistant' | 'system', text: string, medium: 'audio' | 'text' = 'audio'): KnownItem {
  return { type: 'message', role, text, medium };
}

const heard = (text = ''): KnownItem => message('user', text);
const said = (clip: ClipName): KnownItem => message('assistant', CLIP_TEXTS[clip]);
const keys = message('user', 'The keys were pressed: 4 7 1 1 (ended by #)', 'text');
const call: KnownItem = { type: 'function_call', name: 'book_table', text: '', medium: 'text' };

function output(answer: object): KnownItem {
  return { type: 'function_call_output', text: '', medium: 'text', output: JSON.stringify(answer) };
}

const BOOKED = output({ status: 'booked', day: 'Friday', table: 'by the fireplace' });

function wordsOf(reply: ScriptedReply): string | undefined {
  return 'items' in reply ? undefined : reply.text;
}

describe('the simulated assistant of the demo', () => {
  it('greets, describes, asks for keys, books and says what was booked', () => {
    const items: KnownItem[] = [message('system', 'Greet the caller.', 'text')];
    expect(wordsOf(replyTo(items))).toBe(CLIP_TEXTS['assistant-greeting']);
    items.push(said('assistant-greeting'), heard());
    expect(wordsOf(replyTo(items))).toBe(CLIP_TEXTS['assistant-answer-long']);
    items.push(said('assistant-answer-long'), heard());
    expect(wordsOf(replyTo(items))).toBe(CLIP_TEXTS['assistant-keys']);
    items.push(said('assistant-keys'), keys);
    expect(replyTo(items)).toEqual({
      items: [{ name: 'book_table', arguments: { day: 'Friday', time: '19:00', people: 4, phoneDigits: '4711' } }],
    });
    items.push(call, BOOKED);
    expect(wordsOf(replyTo(items))).toBe(CLIP_TEXTS['assistant-booked']);
  });

  it('says goodbye in a session that was told all before as text, and then hangs up', () => {
    const told = [
      message('user', CLIP_TEXTS['caller-booking'], 'text'),
      message('user', CLIP_TEXTS['caller-interruption'], 'text'),
      ...[keys, call, BOOKED, message('system', 'Go on.', 'text'), heard()],
    ];
    expect(replyTo(told)).toMatchObject({
      items: [{ text: CLIP_TEXTS['assistant-goodbye'] }, { name: 'hang_up' }],
    });
  });

  it('does not count what was taken out again', () => {
    expect(wordsOf(replyTo([{ ...heard(), deleted: true }, heard()]))).toBe(CLIP_TEXTS['assistant-answer-long']);
  });

  it.each([
    ['failed', { error: 'The key is wrong.' }],
    ['another day', { status: 'booked', day: 'Thursday', table: 'by the fireplace' }],
    ['another table', { status: 'booked', day: 'Friday', table: 'at the door' }],
  ])('does not say that it is booked when it is not so: %s', (_what, answer) => {
    expect(wordsOf(replyTo([heard(), heard(), keys, call, output(answer)]))).toMatch(/sorry/);
    expect(wordsOf(replyTo([heard(), heard(), keys, call, { ...BOOKED, output: 'no JSON' }]))).toMatch(/sorry/);
  });

  it('asks again when the keys are not four', () => {
    expect(wordsOf(replyTo([heard(), heard(), message('user', 'Keys: 4 7', 'text')]))).toMatch(/not four digits/);
    expect(keysIn('The keys were: 0 1 * (ended by #)')).toBe('01');
  });
});
