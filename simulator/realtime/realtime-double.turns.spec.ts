import { decodeG711, encodeG711, silenceByte } from '../audio/g711.js';
import { type LoggedEvent } from './event-log.js';
import { PlainClient } from './plain-client.js';
import { RealtimeDouble } from './realtime-double.js';
import { heardTone, synthesiseVoice, toneOfReply } from './voice-synth.js';

const silence = (ms: number) => Buffer.alloc(ms * 8, silenceByte('PCMU'));
const speech = (ms: number) => encodeG711('PCMU', synthesiseVoice(200, ms));
/** One second of speech and enough silence to end the turn (200 ms by default). */
const turn = () => Buffer.concat([silence(400), speech(1000), silence(300)]);

const audioOf = (events: readonly LoggedEvent[], responseId: unknown) =>
  Buffer.concat(
    events
      .filter(({ type, response_id }) => type === 'response.output_audio.delta' && response_id === responseId)
      .map(({ delta }) => Buffer.from(delta as string, 'base64')),
  );

describe('turn taking of the Realtime double', () => {
  let double: RealtimeDouble;
  beforeEach(async () => {
    double = await RealtimeDouble.start({
      switches: { responseDelayMs: 0, deliveryRatio: Infinity, rateLimitsDelayMs: 0 },
      script: { replies: [{ text: 'Good morning, how can I help?', durationMs: 1000 }], hears: ['Hello'] },
    });
  });
  afterEach(() => double.close());

  it('hears a turn, commits it and answers it, in the captured order', async () => {
    const client = await PlainClient.phone(double.url);
    client.hear(turn());
    await client.next('rate_limits.updated');
    const once = client.types.filter((type, i, all) => type !== all[i - 1]);
    expect(once.slice(2)).toEqual([
      'input_audio_buffer.speech_started',
      'input_audio_buffer.speech_stopped',
      'input_audio_buffer.committed',
      'conversation.item.added',
      'conversation.item.done',
      'response.created',
      'response.output_item.added',
      'conversation.item.added',
      'response.content_part.added',
      'response.output_audio_transcript.delta',
      'response.output_audio.delta',
      'response.output_audio_transcript.delta',
      'response.output_audio.delta',
      'response.output_audio_transcript.delta',
      'response.output_audio.delta',
      'response.output_audio.done',
      'response.output_audio_transcript.done',
      'response.content_part.done',
      'conversation.item.done',
      'response.output_item.done',
      'response.done',
      'rate_limits.updated',
    ]);
  });

  it('speaks of the same item when speech starts, stops and is committed, in audio time with the padding', async () => {
    const client = await PlainClient.phone(double.url);
    client.hear(turn());
    const started = await client.next('input_audio_buffer.speech_started');
    const stopped = await client.next('input_audio_buffer.speech_stopped');
    const committed = await client.next('input_audio_buffer.committed');
    expect(new Set([started, stopped, committed].map(({ item_id }) => item_id)).size).toBe(1);
    // Speech from 400 ms on, less 300 ms of padding; it ends at 1400 ms, and 200 ms of silence close it.
    expect(started['audio_start_ms']).toBeGreaterThanOrEqual(100);
    expect(started['audio_start_ms']).toBeLessThan(160);
    expect(stopped['audio_end_ms']).toBeGreaterThanOrEqual(1560);
    expect(stopped['audio_end_ms']).toBeLessThanOrEqual(1640);
  });

  it('hears nothing more when the frames stop in the middle of a word', async () => {
    const client = await PlainClient.phone(double.url);
    client.hear(speech(500));
    await client.next('input_audio_buffer.speech_started');
    client.send({ type: 'conversation.item.retrieve', item_id: 'a round trip' });
    await client.next('error');
    expect(client.types).not.toContain('input_audio_buffer.speech_stopped');
    client.hear(silence(300));
    await client.next('input_audio_buffer.speech_stopped');
  });

  it('answers in mu-law, each reply in a tone of its own', async () => {
    double.script = {};
    const client = await PlainClient.phone(double.url);
    for (let reply = 0; reply < 3; reply++) {
      client.hear(turn());
      const done = await client.next('response.done');
      const { id, status } = done['response'] as { id: string; status: string };
      expect(status).toBe('completed');
      const audio = decodeG711('PCMU', audioOf(client.log.events, id));
      expect(heardTone(audio)).toBe(toneOfReply(reply));
    }
  });

  it('answers in PCM at 24 kHz as long as nobody asked for anything else', async () => {
    const client = await PlainClient.open(double.url);
    client.send({ type: 'response.create' });
    const { response } = await client.next('response.done');
    expect(audioOf(client.log.events, (response as { id: string }).id)).toHaveLength(48_000);
  });

  it('waits as long as silence_duration_ms says', async () => {
    const client = await PlainClient.phone(
      double.url,
      {},
      {
        turn_detection: { type: 'server_vad', silence_duration_ms: 800 },
      },
    );
    client.hear(Buffer.concat([speech(500), silence(600), speech(500), silence(1000)]));
    await client.next('response.done');
    expect(client.types.filter((type) => type === 'input_audio_buffer.speech_started')).toHaveLength(1);
  });

  it('does not answer by itself, nor interrupt, when it is told not to', async () => {
    double.switches.deliveryRatio = 1;
    const client = await PlainClient.phone(
      double.url,
      {},
      {
        turn_detection: { type: 'server_vad', create_response: false, interrupt_response: false },
      },
    );
    client.send({ type: 'response.create' });
    await client.next('response.output_audio.delta');
    client.hear(turn());
    await client.next('input_audio_buffer.committed');
    const { response } = await client.next('response.done');
    expect(response).toMatchObject({ status: 'completed' });
    expect(client.types.filter((type) => type === 'response.created')).toHaveLength(1);
  });

  it('reports an error when a turn ends during a response that was not interrupted, or keeps quiet', async () => {
    double.switches.deliveryRatio = 1;
    double.script = { replies: [{ text: 'A long story', durationMs: 60_000 }] };
    const client = await PlainClient.phone(
      double.url,
      {},
      {
        turn_detection: { type: 'server_vad', interrupt_response: false },
      },
    );
    client.send({ type: 'response.create' });
    await client.next('response.output_audio.delta');
    client.hear(turn());
    expect(await client.next('error')).toMatchObject({ error: { code: 'conversation_already_has_active_response' } });
    double.switches.turnWhileActive = 'skip';
    client.hear(turn());
    await client.next('input_audio_buffer.committed');
    await client.next('input_audio_buffer.committed');
    expect(client.types.filter((type) => type === 'error')).toHaveLength(1);
  });

  it.each(['before', 'during', 'after'] as const)('transcribes the caller %s the response', async (timing) => {
    double.switches.transcriptionTiming = timing;
    const client = await PlainClient.phone(double.url, {}, { transcription: { model: 'gpt-transcribe' } });
    client.hear(turn());
    await client.next('response.done');
    const completed = await client.next('conversation.item.input_audio_transcription.completed');
    expect(completed).toMatchObject({ transcript: 'Hello', usage: { type: 'tokens' } });
    const place = (type: string) => client.types.indexOf(type);
    const transcribed = place('conversation.item.input_audio_transcription.completed');
    expect(transcribed > place('response.created')).toBe(timing !== 'before');
    expect(transcribed > place('response.done')).toBe(timing === 'after');
  });

  it('says so when the transcription failed', async () => {
    double.switches.transcriptionTiming = 'failed';
    const client = await PlainClient.phone(double.url, {}, { transcription: { model: 'gpt-transcribe' } });
    client.hear(turn());
    await client.next('conversation.item.input_audio_transcription.failed');
    await client.next('response.done');
  });

  it('asks once whether the caller is still there', async () => {
    double.switches.idleTimeoutScale = 0.001;
    double.switches.deliveryRatio = Infinity;
    double.script = { replies: [{ text: 'Hm', durationMs: 20 }] };
    const client = await PlainClient.phone(
      double.url,
      {},
      {
        turn_detection: { type: 'server_vad', idle_timeout_ms: 5000 },
      },
    );
    client.send({ type: 'response.create' });
    await client.next('response.done');
    client.hear(silence(500));
    const { item_id } = await client.next('input_audio_buffer.timeout_triggered');
    expect(await client.next('input_audio_buffer.committed')).toMatchObject({ item_id });
    await client.next('response.done');
    client.hear(turn());
    await client.next('response.done');
    await client.next('input_audio_buffer.timeout_triggered');
    expect(client.types.filter((type) => type === 'input_audio_buffer.timeout_triggered')).toHaveLength(2);
  });
});

describe('interrupting the Realtime double', () => {
  let double: RealtimeDouble;
  beforeEach(async () => {
    double = await RealtimeDouble.start({
      switches: { responseDelayMs: 0, deliveryRatio: 1, rateLimitsDelayMs: 0 },
      script: { replies: [{ text: 'one two three four five six seven eight nine ten', durationMs: 30_000 }] },
    });
  });
  afterEach(() => double.close());

  it('announces the speech, closes what is open and reports the response cancelled', async () => {
    const client = await PlainClient.phone(double.url);
    client.send({ type: 'response.create' });
    await client.next('response.output_audio.delta');
    client.hear(speech(200));
    const { response } = await client.next('response.done');
    expect(response).toMatchObject({
      status: 'cancelled',
      status_details: { type: 'cancelled', reason: 'turn_detected' },
      output: [{ role: 'assistant', status: 'incomplete' }],
    });
    const { types } = client;
    const cut = types.slice(types.indexOf('input_audio_buffer.speech_started'), types.indexOf('response.done') + 1);
    expect(cut).toEqual([
      'input_audio_buffer.speech_started',
      'response.output_audio.done',
      'response.output_audio_transcript.done',
      'response.content_part.done',
      'conversation.item.done',
      'response.output_item.done',
      'response.done',
    ]);
  });

  it('still sends deltas that were on their way when told to', async () => {
    double.switches.lateDeltasAfterInterrupt = 3;
    const client = await PlainClient.phone(double.url);
    client.send({ type: 'response.create' });
    await client.next('response.output_audio.delta');
    client.hear(speech(200));
    await client.next('response.done');
    const after = client.types.slice(client.types.indexOf('input_audio_buffer.speech_started'));
    expect(after.filter((type) => type === 'response.output_audio.delta')).toHaveLength(3);
  });

  it('only announces the speech when everything had been generated before', async () => {
    double.switches.deliveryRatio = Infinity;
    const client = await PlainClient.phone(double.url);
    client.send({ type: 'response.create' });
    await client.next('response.done');
    client.hear(speech(200));
    await client.next('input_audio_buffer.speech_started');
    client.send({ type: 'conversation.item.retrieve', item_id: 'a round trip' });
    await client.next('error');
    expect(
      client.types.slice(client.types.indexOf('response.done')).filter((type) => type !== 'rate_limits.updated'),
    ).toEqual(['response.done', 'input_audio_buffer.speech_started', 'error']);
  });

  it('leaves a function call that was cut off incomplete, which nobody should run', async () => {
    double.switches.argumentsDeltaDelayMs = 10_000;
    double.script = { replies: [{ items: [{ name: 'book', arguments: { day: 'Friday', time: 'ten' } }] }] };
    const client = await PlainClient.phone(double.url);
    client.send({ type: 'response.create' });
    await client.next('response.function_call_arguments.delta');
    client.hear(speech(200));
    const done = await client.next('response.function_call_arguments.done');
    expect(() => JSON.parse(done['arguments'] as string) as unknown).toThrow();
    expect(await client.next('response.output_item.done')).toMatchObject({
      item: { type: 'function_call', status: 'incomplete' },
    });
    expect(await client.next('response.done')).toMatchObject({ response: { status: 'cancelled' } });
  });

  it('lets what was not heard be truncated, up to its own idea of the length', async () => {
    double.switches.deliveryRatio = Infinity;
    double.switches.itemShorterByMs = 85;
    double.script = { replies: [{ text: 'A short answer', durationMs: 1000 }] };
    const client = await PlainClient.phone(double.url);
    client.send({ type: 'response.create' });
    await client.next('response.done');
    const { item_id } = await client.next('response.output_audio.done');
    const truncate = { type: 'conversation.item.truncate', item_id, content_index: 0 };
    client.send({ ...truncate, audio_end_ms: 1000 });
    expect(await client.next('error')).toMatchObject({
      error: { code: null, message: 'Audio content of 915ms is already shorter than 1000ms' },
    });
    client.send({ ...truncate, audio_end_ms: 900 });
    expect(await client.next('conversation.item.truncated')).toMatchObject({ item_id, audio_end_ms: 900 });
    client.send({ type: 'conversation.item.retrieve', item_id });
    expect(await client.next('conversation.item.retrieved')).toMatchObject({
      item: { content: [{ type: 'output_audio', transcript: null }] },
    });
    expect((await double.nextSession()).items).toMatchObject([{ truncatedAtMs: 900, text: '' }]);
  });
});
