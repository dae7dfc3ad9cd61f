import { encodeG711, silenceByte } from '../audio/g711.js';
import { PlainClient } from './plain-client.js';
import { RealtimeDouble } from './realtime-double.js';
import { synthesiseVoice } from './voice-synth.js';

const silence = (ms: number) => Buffer.alloc(ms * 8, silenceByte('PCMU'));
const speech = (ms: number) => encodeG711('PCMU', synthesiseVoice(200, ms));
const turn = () => Buffer.concat([silence(400), speech(1000), silence(300)]);
const create = { type: 'response.create' };

describe('tools and endings of the Realtime double', () => {
  let double: RealtimeDouble;
  beforeEach(async () => {
    double = await RealtimeDouble.start({
      switches: { responseDelayMs: 0, deliveryRatio: Infinity, rateLimitsDelayMs: 0 },
    });
  });
  afterEach(() => double.close());

  it('speaks and calls two functions in one response, each complete before the response is', async () => {
    double.script = {
      replies: [
        {
          items: [
            { text: 'One moment.', durationMs: 200 },
            { name: 'find', arguments: { day: 'Friday' }, callId: 'call_1' },
            { name: 'weather', callId: 'call_2' },
          ],
        },
      ],
    };
    const client = await PlainClient.phone(double.url);
    client.send(create);
    const { response } = await client.next('response.done');
    expect(response).toMatchObject({
      output: [{ type: 'message' }, { call_id: 'call_1', status: 'completed' }, { call_id: 'call_2' }],
    });
    const done = client.log.events.filter(({ type }) => type === 'response.output_item.done');
    expect(done.map(({ output_index }) => output_index)).toEqual([0, 1, 2]);
    expect(client.types.indexOf('response.done')).toBeGreaterThan(
      client.types.lastIndexOf('response.function_call_arguments.done'),
    );
  });

  it('may end a response with nothing in it', async () => {
    double.script = { replies: [{ items: [] }] };
    const client = await PlainClient.phone(double.url);
    client.send(create);
    expect(await client.next('response.done')).toMatchObject({
      response: { status: 'completed', output: [], usage: { output_tokens: 0 } },
    });
    expect(client.types).not.toContain('response.output_item.added');
  });

  it('takes the options of a response, and tells the test of them', async () => {
    double.script = { choose: ({ toolChoice }) => (toolChoice === 'none' ? { text: 'Only words.' } : undefined) };
    const client = await PlainClient.phone(double.url);
    const options = { instructions: 'Say why.', tool_choice: 'none', metadata: { why: 'limit' } };
    client.send({ ...create, response: options });
    expect(await client.next('response.done')).toMatchObject({
      response: { metadata: { why: 'limit' }, output: [{ content: [{ transcript: 'Only words.' }] }] },
    });
    expect((await double.nextSession()).responseCreates).toEqual([options]);
  });

  it.each(['content_filter', 'max_output_tokens'] as const)(
    'ends with %s before anything was said, at the first piece, or in the middle',
    async (reason) => {
      double.script = { replies: [{ text: 'A sentence of one second.', durationMs: 1000 }] };
      const client = await PlainClient.phone(double.url);
      const audioMs = () =>
        client.log.events
          .filter(({ type }) => type === 'response.output_audio.delta')
          .reduce((ms, { delta }) => ms + Buffer.from(delta as string, 'base64').length / 8, 0);
      const expected = [
        [{}, 0, []],
        [{ afterAudioMs: 0 }, 200, [{ status: 'incomplete' }]],
        [{ afterAudioMs: 500 }, 800, [{ status: 'incomplete' }]],
      ] as const;
      for (const [at, totalMs, output] of expected) {
        double.faults.arm('incompleteResponse', { reason, ...at });
        client.send(create);
        expect(await client.next('response.done')).toMatchObject({
          response: { status: 'incomplete', status_details: { type: 'incomplete', reason }, output },
        });
        expect(audioMs()).toBe(totalMs);
      }
      expect(double.faults.pending).toEqual([]);
    },
  );

  it('cuts a function call off at max_output_tokens, and text too', async () => {
    double.script = { replies: [{ items: [{ name: 'book', arguments: { day: 'Friday', time: 'at ten o’clock' } }] }] };
    const client = await PlainClient.phone(double.url);
    client.send({ ...create, response: { max_output_tokens: 3 } });
    expect(await client.next('response.done')).toMatchObject({
      response: { status: 'incomplete', output: [{ type: 'function_call', status: 'incomplete' }] },
    });
    double.script = { replies: [{ text: 'one two three four five six seven eight nine ten' }] };
    client.send({ ...create, response: { max_output_tokens: 3, output_modalities: ['text'] } });
    expect(await client.next('response.done')).toMatchObject({
      response: { status: 'incomplete', output: [{ content: [{ type: 'output_text', text: 'one two three four' }] }] },
    });
  });

  it('keeps turns unanswered from the moment on that create_response is off', async () => {
    double.script = { replies: [{ text: 'Yes?', durationMs: 20 }] };
    const client = await PlainClient.phone(double.url);
    client.hear(turn());
    await client.next('response.done');
    client.update({ audio: { input: { turn_detection: { type: 'server_vad', create_response: false } } } });
    await client.next('session.updated');
    client.hear(turn());
    client.hear(turn());
    for (let i = 0; i < 3; i++) await client.next('input_audio_buffer.committed');
    expect(client.types.filter((type) => type === 'response.created')).toHaveLength(1);
    client.update({ audio: { input: { turn_detection: { type: 'server_vad', create_response: true } } } });
    await client.next('session.updated');
    client.hear(turn());
    await client.next('response.done');
  });

  const transcribing = { transcription: { model: 'gpt-transcribe' } };
  const COMPLETED = 'conversation.item.input_audio_transcription.completed';

  it('charges a transcript by tokens or by the length of the audio', async () => {
    double.script = { hears: ['Hello there'], replies: [{ text: 'Yes?', durationMs: 20 }] };
    const client = await PlainClient.phone(double.url, {}, transcribing);
    client.hear(turn());
    const { usage: tokens } = await client.next(COMPLETED);
    const { total_tokens, input_tokens, output_tokens } = tokens as Record<string, number>;
    expect(tokens).toEqual({
      type: 'tokens',
      total_tokens: (input_tokens ?? 0) + (output_tokens ?? 0),
      input_tokens,
      input_token_details: { text_tokens: 0, audio_tokens: input_tokens },
      output_tokens,
    });
    expect(total_tokens).toBeGreaterThan(0);
    double.switches.transcriptionUsage = 'duration';
    client.hear(turn());
    const { usage, item_id } = await client.next(COMPLETED);
    const { items } = await double.nextSession();
    expect(usage).toEqual({ type: 'duration', seconds: (items.find(({ id }) => id === item_id)?.audioMs ?? 0) / 1000 });
  });

  it('may send a transcript long after its turn, deltas included', async () => {
    double.script = { hears: ['First', 'Second'], replies: [{ text: 'Yes?', durationMs: 20 }] };
    double.faults.arm('lateTranscript', { ms: 150 });
    const client = await PlainClient.phone(double.url, {}, transcribing);
    client.hear(turn());
    await client.next('response.done');
    expect(client.types.filter((type) => type.includes('transcription'))).toEqual([]);
    client.hear(turn());
    expect(await client.next(COMPLETED)).toMatchObject({ transcript: 'Second' });
    expect(await client.next(COMPLETED)).toMatchObject({ transcript: 'First' });
  });
});
