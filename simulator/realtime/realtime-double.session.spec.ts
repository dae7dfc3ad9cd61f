import { silenceByte } from '../audio/g711.js';
import { PlainClient } from './plain-client.js';
import { RealtimeDouble } from './realtime-double.js';

const silence = (ms: number) => Buffer.alloc(ms * 8, silenceByte('PCMU'));

describe('a session of the Realtime double', () => {
  let double: RealtimeDouble;
  beforeEach(async () => {
    double = await RealtimeDouble.start({ switches: { responseDelayMs: 0, deliveryRatio: Infinity } });
  });
  afterEach(() => double.close());

  it('says when it will end: an hour from now', async () => {
    const client = await PlainClient.open(double.url);
    const { session } = client.log.events[0] as unknown as { session: { expires_at: number } };
    const inSeconds = session.expires_at - Date.now() / 1000;
    expect(inSeconds).toBeGreaterThan(3500);
    expect(inSeconds).toBeLessThanOrEqual(3600);
  });

  it('echoes the whole configuration after an update', async () => {
    const client = await PlainClient.phone(double.url, { instructions: 'Be brief.' });
    const session = await double.nextSession();
    const [, updated] = client.log.events;
    expect(updated?.['session']).toEqual(session.config);
    expect(session.config).toMatchObject({ instructions: 'Be brief.', audio: { output: { voice: 'marin' } } });
  });

  it('drops the whole update when one field is wrong, naming the field and the event', async () => {
    const client = await PlainClient.open(double.url);
    const session = await double.nextSession();
    client.send({
      type: 'session.update',
      event_id: 'mine_1',
      session: { type: 'realtime', instructions: 'New', voice: 'marin' },
    });
    expect(await client.next('error')).toMatchObject({
      error: { code: 'unknown_parameter', param: 'session.voice', event_id: 'mine_1' },
    });
    expect(session.config.instructions).not.toBe('New');
    expect(session.errorsSent).toHaveLength(1);
  });

  it('leaves error.event_id null when the switch says so', async () => {
    double.switches.errorEventIdNull = true;
    const client = await PlainClient.open(double.url);
    client.send({ type: 'response.cancel', event_id: 'mine_1' });
    expect(await client.next('error')).toMatchObject({
      error: { code: 'response_cancel_not_active', event_id: null, param: null },
    });
  });

  it.each([
    ['binary frames', Buffer.from('{}'), 'invalid_event'],
    ['broken JSON', '{"type"', 'invalid_json'],
    ['unknown types', '{"type":"input_audio_buffer.apend"}', 'invalid_value'],
    ['the beta type', '{"type":"transcription_session.update"}', 'invalid_value'],
    ['a WebRTC type', '{"type":"output_audio_buffer.clear"}', 'invalid_value'],
  ])('answers %s with an error and goes on', async (_case, frame, code) => {
    const client = await PlainClient.open(double.url);
    client.socket.send(frame);
    expect(await client.next('error')).toMatchObject({ error: { code } });
    client.update({});
    await client.next('session.updated');
  });

  it('keeps the format it had when that fault is armed, as the echo shows', async () => {
    double.faults.arm('keepFormats', {});
    const client = await PlainClient.phone(double.url);
    expect(client.log.events[1]?.['session']).toMatchObject({ audio: { input: { format: { type: 'audio/pcm' } } } });
    client.update({ audio: { input: { format: { type: 'audio/pcmu' } } } });
    expect(await client.next('session.updated')).toMatchObject({
      session: { audio: { input: { format: { type: 'audio/pcmu' } } } },
    });
  });

  it('rejects or ignores a client event on demand', async () => {
    const client = await PlainClient.open(double.url);
    double.faults.arm('reject', { type: 'session.update', error: { code: 'invalid_value', param: 'session.tools' } });
    double.faults.arm('ignore', { type: 'session.update' });
    for (let i = 0; i < 3; i++) client.update({ instructions: `update ${i}` });
    expect(await client.next('error')).toMatchObject({ error: { param: 'session.tools' } });
    expect(await client.next('session.updated')).toMatchObject({ session: { instructions: 'update 2' } });
    expect(client.types.filter((type) => type === 'session.updated')).toHaveLength(1);
  });

  it('records audio that comes before the format is set, and reads it as PCM', async () => {
    const client = await PlainClient.open(double.url);
    const session = await double.nextSession();
    client.hear(silence(480));
    client.update({ audio: { input: { format: { type: 'audio/pcmu' } } } });
    await client.next('session.updated');
    expect(session.violations.map(({ kind }) => kind)).toEqual([
      'audio_before_session_update',
      'format_changed_after_audio',
    ]);
    // 480 ms of mu-law are 80 ms of PCM at 24 kHz.
    expect(session.inputMs).toBe(80);
    expect(session.inputAudio).toHaveLength(0);
  });

  it('keeps what the caller said exactly as it was appended', async () => {
    const client = await PlainClient.phone(double.url);
    const session = await double.nextSession();
    const audio = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251));
    client.hear(audio);
    client.send({ type: 'input_audio_buffer.clear' });
    await client.next('input_audio_buffer.cleared');
    expect(session.inputAudio.equals(audio)).toBe(true);
    expect(session.inputMs).toBe(12_500);
    expect(session.appendCount).toBe(625);
    expect(session.violations).toEqual([]);
    expect(session.clientEvents.map(({ type }) => type)).toEqual(['session.update', 'input_audio_buffer.clear']);
  });

  it('keeps no more of it than it is told to', async () => {
    double.switches.recordInputMs = 100;
    const client = await PlainClient.phone(double.url);
    const session = await double.nextSession();
    client.hear(silence(1000));
    client.send({ type: 'input_audio_buffer.clear' });
    await client.next('input_audio_buffer.cleared');
    expect(session.inputAudio).toHaveLength(800);
    expect(session.inputMs).toBe(1000);
  });

  it('commits by hand 100 ms and more, without answering', async () => {
    const client = await PlainClient.phone(double.url, {}, { turn_detection: null });
    client.hear(silence(60));
    client.send({ type: 'input_audio_buffer.commit' });
    expect(await client.next('error')).toMatchObject({ error: { code: 'input_audio_buffer_commit_empty' } });
    client.hear(silence(40));
    client.send({ type: 'input_audio_buffer.commit' });
    const { item_id } = await client.next('input_audio_buffer.committed');
    const session = await double.nextSession();
    expect(session.items).toMatchObject([{ id: item_id, role: 'user', audioMs: 100 }]);
    client.send({ type: 'input_audio_buffer.commit' });
    await client.next('error');
    expect(client.types).not.toContain('response.created');
  });

  it('takes back nothing that was cleared', async () => {
    const client = await PlainClient.phone(double.url, {}, { turn_detection: null });
    client.hear(silence(500));
    client.send({ type: 'input_audio_buffer.clear' });
    client.send({ type: 'input_audio_buffer.commit' });
    expect(await client.next('error')).toMatchObject({ error: { code: 'input_audio_buffer_commit_empty' } });
  });
});

describe('the items of a session', () => {
  let double: RealtimeDouble;
  beforeEach(async () => {
    double = await RealtimeDouble.start({ switches: { responseDelayMs: 0, deliveryRatio: Infinity } });
  });
  afterEach(() => double.close());

  const message = (role: string, text: string, more: object = {}) => ({
    type: 'conversation.item.create',
    item: {
      type: 'message',
      role,
      content: [{ type: role === 'assistant' ? 'output_text' : 'input_text', text }],
      ...more,
    },
  });

  it('are restored in order, each acknowledged with the one before', async () => {
    const client = await PlainClient.open(double.url);
    client.send(message('system', 'Go on.', { id: 'a' }));
    client.send(message('user', 'Where were we?', { id: 'b' }));
    client.send(message('assistant', 'At the beginning.', { id: 'c' }));
    client.send({ ...message('user', 'Before all.', { id: 'd' }), previous_item_id: 'root' });
    for (const [id, previous] of [
      ['a', null],
      ['b', 'a'],
      ['c', 'b'],
      ['d', null],
    ]) {
      expect(await client.next('conversation.item.added')).toMatchObject({ item: { id }, previous_item_id: previous });
      expect(await client.next('conversation.item.done')).toMatchObject({ item: { id } });
    }
    const session = await double.nextSession();
    expect(session.items.map(({ id }) => id)).toEqual(['d', 'a', 'b', 'c']);
  });

  it.each([
    [
      'spoken assistant content',
      { type: 'message', role: 'assistant', content: [{ type: 'output_audio', audio: '' }] },
    ],
    ['the wrong kind of text', { type: 'message', role: 'user', content: [{ type: 'output_text', text: 'x' }] }],
    ['an output for an unknown call', { type: 'function_call_output', call_id: 'call_x', output: '{}' }],
    ['an id of 33 characters', { id: 'x'.repeat(33), type: 'message', role: 'user', content: [] }],
    ['an unknown field', { type: 'message', role: 'user', content: [], mood: 'good' }],
    ['an unknown type', { type: 'note' }],
    ['a call of MCP', { type: 'mcp_call', server_label: 'crm', name: 'find', arguments: '{}' }],
    ['a listing of MCP', { type: 'mcp_list_tools', server_label: 'crm', tools: [] }],
    ['an approval request', { type: 'mcp_approval_request', server_label: 'crm', name: 'find', arguments: '{}' }],
    ['an answer to no request', { type: 'mcp_approval_response', approval_request_id: 'item_x', approve: true }],
    ['nothing', undefined],
  ])('are refused with %s', async (_case, item) => {
    const client = await PlainClient.open(double.url);
    client.send({ type: 'conversation.item.create', event_id: 'mine', item });
    expect(await client.next('error')).toMatchObject({ error: { type: 'invalid_request_error', event_id: 'mine' } });
    expect((await double.nextSession()).items).toEqual([]);
  });

  it('take the output of a restored call', async () => {
    const client = await PlainClient.open(double.url);
    const call = { type: 'function_call', call_id: 'call_1', name: 'find', arguments: '{}' };
    client.send({ type: 'conversation.item.create', item: call });
    client.send({
      type: 'conversation.item.create',
      item: { type: 'function_call_output', call_id: 'call_1', output: '{"ok":true}' },
    });
    await client.next(
      'conversation.item.done',
      ({ item }) => (item as { type: string }).type === 'function_call_output',
    );
    const session = await double.nextSession();
    expect(session.items).toMatchObject([{ callId: 'call_1' }, { output: '{"ok":true}' }]);
    expect(session.functionOutputs).toEqual([{ callId: 'call_1', output: '{"ok":true}' }]);
  });

  it('take one output of a call, not two', async () => {
    const client = await PlainClient.open(double.url);
    const create = (item: object) => client.send({ type: 'conversation.item.create', item });
    create({ type: 'function_call', call_id: 'call_1', name: 'find', arguments: '{}' });
    create({ type: 'function_call_output', call_id: 'call_1', output: 'first', id: 'out_1' });
    create({ type: 'function_call_output', call_id: 'call_1', output: 'second' });
    expect(await client.next('error')).toMatchObject({
      error: { code: 'invalid_tool_call_id', param: 'item.call_id' },
    });
    client.send({ type: 'conversation.item.delete', item_id: 'out_1' });
    create({ type: 'function_call_output', call_id: 'call_1', output: 'third', id: 'out_3' });
    await client.next('conversation.item.done', ({ item }) => (item as { id: string }).id === 'out_3');
    const session = await double.nextSession();
    expect(session.functionOutputs.map(({ output }) => output)).toEqual(['first', 'second', 'third']);
  });

  it('can be retrieved, audio included, and deleted', async () => {
    const client = await PlainClient.phone(double.url, {}, { turn_detection: null });
    const audio = Buffer.from(Array.from({ length: 1600 }, (_, i) => i % 256));
    client.hear(audio);
    client.send({ type: 'input_audio_buffer.commit' });
    const { item_id } = await client.next('input_audio_buffer.committed');
    client.send({ type: 'conversation.item.retrieve', item_id });
    expect(await client.next('conversation.item.retrieved')).toMatchObject({
      item: { id: item_id, content: [{ type: 'input_audio', audio: audio.toString('base64') }] },
    });
    client.send({ type: 'conversation.item.delete', item_id });
    expect(await client.next('conversation.item.deleted')).toMatchObject({ item_id });
    client.send({ type: 'conversation.item.delete', item_id });
    expect(await client.next('error')).toMatchObject({ error: { code: 'item_not_found' } });
    client.send({ type: 'conversation.item.retrieve', item_id });
    expect(await client.next('error')).toMatchObject({ error: { code: 'item_retrieve_invalid_item_id' } });
  });

  it('are truncated only with whole milliseconds at content 0', async () => {
    const client = await PlainClient.open(double.url);
    const truncate = { type: 'conversation.item.truncate', item_id: 'a', content_index: 0 };
    client.send({ ...truncate, audio_end_ms: null });
    expect(await client.next('error')).toMatchObject({ error: { code: 'invalid_type', param: 'audio_end_ms' } });
    client.send({ ...truncate, audio_end_ms: 10, content_index: 1 });
    expect(await client.next('error')).toMatchObject({ error: { code: 'invalid_value', param: 'content_index' } });
    client.send({ ...truncate, audio_end_ms: 10 });
    expect(await client.next('error')).toMatchObject({ error: { code: 'item_truncate_invalid_item_id' } });
  });
});
