import { type RealtimeServerEvent } from 'openai/resources/realtime/realtime';
import {
  acknowledge,
  answerBegins,
  answerEnds,
  audioDelta,
  sessionCreated,
  transcriptDelta,
} from './realtime-events.js';

const ids = { response: 'resp_1', item: 'item_1' };

function types(events: string[]): RealtimeServerEvent['type'][] {
  return events.map((text) => (JSON.parse(text) as RealtimeServerEvent).type);
}

describe('the events of the benchmark model', () => {
  it('come in the order of the Realtime API', () => {
    expect(
      types([
        ...answerBegins(ids),
        audioDelta(ids, 'AAAA'),
        transcriptDelta(ids, 'word'),
        ...answerEnds(ids, 'words', 1000),
      ]),
    ).toEqual([
      'response.created',
      'response.output_item.added',
      'conversation.item.added',
      'response.content_part.added',
      'response.output_audio.delta',
      'response.output_audio_transcript.delta',
      'response.output_audio.done',
      'response.output_audio_transcript.done',
      'response.content_part.done',
      'conversation.item.done',
      'response.output_item.done',
      'response.done',
    ]);
  });

  it('have an audio delta that is written by hand and still JSON', () => {
    expect(JSON.parse(audioDelta(ids, 'AAAA'))).toEqual({
      type: 'response.output_audio.delta',
      event_id: expect.stringMatching(/^event_/) as string,
      response_id: 'resp_1',
      item_id: 'item_1',
      output_index: 0,
      content_index: 0,
      delta: 'AAAA',
    });
  });

  it('begin with the format that the real service has until it is told another: PCM, 24 kHz', () => {
    expect(JSON.parse(sessionCreated('sess_1'))).toMatchObject({
      type: 'session.created',
      session: { id: 'sess_1', audio: { input: { format: { type: 'audio/pcm', rate: 24_000 } } } },
    });
  });

  it('acknowledge what a client may wait for, and only that', () => {
    expect(types(acknowledge({ type: 'response.create' }))).toEqual(['response.created', 'response.done']);
    expect(types(acknowledge({ type: 'conversation.item.create', item: { type: 'message' } }))).toEqual([
      'conversation.item.added',
      'conversation.item.done',
    ]);
    expect(types(acknowledge({ type: 'conversation.item.truncate', item_id: 'i' }))).toEqual([
      'conversation.item.truncated',
    ]);
    expect(acknowledge({ type: 'input_audio_buffer.clear' })).toEqual([]);
  });
});
