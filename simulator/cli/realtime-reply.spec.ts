import { CLIP_TEXTS, loadClip } from '../audio/clips.js';
import { replyOf } from './realtime-reply.js';
import { ValueError } from './values.js';

describe('a reply of the simulated model on the command line', () => {
  it('is a clip, or a text for which a voice is made up', () => {
    expect(replyOf('assistant-goodbye')).toEqual({
      text: CLIP_TEXTS['assistant-goodbye'],
      audio: loadClip('assistant-goodbye'),
    });
    expect(replyOf('Call: who is there?')).toEqual({ text: 'Call: who is there?' });
  });

  it('is the call of a tool, with its arguments as they stand', () => {
    expect(replyOf('call:book_table {"day": "Friday"}')).toEqual({
      items: [{ name: 'book_table', arguments: '{"day": "Friday"}' }],
    });
    expect(replyOf('call:book_table {"day":')).toEqual({ items: [{ name: 'book_table', arguments: '{"day":' }] });
    expect(replyOf('call:hang_up')).toEqual({ items: [{ name: 'hang_up', arguments: '{}' }] });
  });

  it('is refused when it is a file that cannot be read', () => {
    expect(() => replyOf('nosuch.wav')).toThrow(ValueError);
  });
});
