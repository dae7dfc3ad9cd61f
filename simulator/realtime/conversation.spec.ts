import { Conversation, type Item, wireItem } from './conversation.js';

const text = (id: string, role: Item['role'] = 'user'): Item => ({
  id,
  type: 'message',
  role,
  status: 'completed',
  medium: 'text',
  text: `text of ${id}`,
  audioMs: 0,
});
const speech = (id: string, audioMs: number): Item => ({ ...text(id, 'assistant'), medium: 'audio', audioMs });

describe('Conversation', () => {
  it('puts items last, first or behind another, and names the one before', () => {
    const conversation = new Conversation();
    expect(conversation.add(text('a'))).toEqual({ previousItemId: null });
    expect(conversation.add(text('b'))).toEqual({ previousItemId: 'a' });
    expect(conversation.add(text('c'), 'root')).toEqual({ previousItemId: null });
    expect(conversation.add(text('d'), 'a')).toEqual({ previousItemId: 'a' });
    expect(conversation.all.map(({ id }) => id)).toEqual(['c', 'a', 'd', 'b']);
  });

  it('refuses an id that is taken and a place that does not exist', () => {
    const conversation = new Conversation();
    conversation.add(text('a'));
    expect(conversation.add(text('a'))).toMatchObject({ error: { param: 'item.id' } });
    expect(conversation.add(text('b'), 'nowhere')).toMatchObject({ error: { param: 'previous_item_id' } });
  });

  it('keeps deleted items on record and out of sight', () => {
    const conversation = new Conversation();
    conversation.add(text('a'));
    expect(conversation.delete('a')).toBeUndefined();
    expect(conversation.delete('a')).toMatchObject({ code: 'item_not_found' });
    expect(conversation.all).toMatchObject([{ id: 'a', deleted: true }]);
    expect(conversation.live).toEqual([]);
    expect(conversation.lastId).toBeNull();
  });

  it('truncates what the model said, dropping the transcript', () => {
    const conversation = new Conversation();
    const item = { ...speech('a', 1000), audio: () => Buffer.alloc(8000) };
    conversation.add(item);
    expect(conversation.truncate('a', 400, { rejectZero: false })).toBeUndefined();
    expect(wireItem(item, true)).toMatchObject({ content: [{ type: 'output_audio', transcript: null }] });
    expect(item.audio()).toHaveLength(3200);
    expect(conversation.find('a')).toMatchObject({ audioMs: 400, truncatedAtMs: 400, text: '' });
  });

  it('refuses to truncate beyond the end, at zero when told so, and anything but spoken model output', () => {
    const conversation = new Conversation();
    conversation.add(speech('a', 13_600));
    conversation.add(text('caller'));
    conversation.add(text('restored', 'assistant'));
    const truncate = (id: string, ms: number, rejectZero = false) => conversation.truncate(id, ms, { rejectZero });
    expect(truncate('a', 55_960)).toMatchObject({
      code: null,
      message: 'Audio content of 13600ms is already shorter than 55960ms',
    });
    expect(truncate('a', 0, true)).toMatchObject({ param: 'audio_end_ms' });
    for (const id of ['caller', 'restored']) {
      expect(truncate(id, 10)).toMatchObject({
        code: null,
        message: 'Only model output audio messages can be truncated',
      });
    }
    expect(truncate('nothing', 10)).toMatchObject({ code: 'item_truncate_invalid_item_id' });
  });
});
