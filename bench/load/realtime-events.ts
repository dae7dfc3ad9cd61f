/** The events of an answer as the Realtime API sends them (GA names), as JSON texts. */

let lastEvent = 0;

function event(type: string, fields: object): string {
  return JSON.stringify({ type, event_id: `event_${(lastEvent++).toString(36).padStart(16, '0')}`, ...fields });
}

/** The names in all events of one answer. */
export interface AnswerIds {
  response: string;
  item: string;
}

function message(ids: AnswerIds, status: string, content: object[]): object {
  return { id: ids.item, object: 'realtime.item', type: 'message', status, role: 'assistant', content };
}

export function sessionCreated(id: string): string {
  const format = { type: 'audio/pcm', rate: 24_000 };
  return event('session.created', {
    session: {
      type: 'realtime',
      object: 'realtime.session',
      id,
      model: 'gpt-realtime-2.1',
      output_modalities: ['audio'],
      instructions: '',
      tools: [],
      tool_choice: 'auto',
      max_output_tokens: 'inf',
      tracing: null,
      truncation: 'auto',
      prompt: null,
      expires_at: Math.floor(Date.now() / 1000) + 3600,
      audio: {
        input: {
          format,
          transcription: null,
          noise_reduction: null,
          turn_detection: {
            type: 'server_vad',
            threshold: 0.5,
            prefix_padding_ms: 300,
            silence_duration_ms: 200,
            idle_timeout_ms: null,
            create_response: true,
            interrupt_response: true,
          },
        },
        output: { format, voice: 'marin', speed: 1 },
      },
      include: null,
    },
  });
}

/** The echo of an update; `session` is what the client asked for. */
export function sessionUpdated(id: string, session: object): string {
  return event('session.updated', { session: { ...session, object: 'realtime.session', id } });
}

/** From nothing to just before the first audio. */
export function answerBegins(ids: AnswerIds): string[] {
  return [
    event('response.created', {
      response: {
        object: 'realtime.response',
        id: ids.response,
        status: 'in_progress',
        status_details: null,
        output: [],
        conversation_id: 'conv_bench',
        output_modalities: ['audio'],
        usage: null,
        metadata: null,
      },
    }),
    event('response.output_item.added', {
      response_id: ids.response,
      output_index: 0,
      item: message(ids, 'in_progress', []),
    }),
    event('conversation.item.added', { previous_item_id: null, item: message(ids, 'in_progress', []) }),
    event('response.content_part.added', {
      response_id: ids.response,
      item_id: ids.item,
      output_index: 0,
      content_index: 0,
      part: { type: 'audio', transcript: '' },
    }),
  ];
}

/** Audio, as base64 of mu-law. Written by hand: one of these goes out for each 20 ms of each call. */
export function audioDelta(ids: AnswerIds, audio: string): string {
  return (
    `{"type":"response.output_audio.delta","event_id":"event_${(lastEvent++).toString(36).padStart(16, '0')}",` +
    `"response_id":"${ids.response}","item_id":"${ids.item}","output_index":0,"content_index":0,"delta":"${audio}"}`
  );
}

export function transcriptDelta(ids: AnswerIds, delta: string): string {
  return event('response.output_audio_transcript.delta', {
    response_id: ids.response,
    item_id: ids.item,
    output_index: 0,
    content_index: 0,
    delta,
  });
}

/** From just after the last audio to the end. */
export function answerEnds(ids: AnswerIds, transcript: string, audioMs: number): string[] {
  const place = { response_id: ids.response, item_id: ids.item, output_index: 0, content_index: 0 };
  const item = message(ids, 'completed', [{ type: 'output_audio', transcript }]);
  const audioTokens = Math.ceil(audioMs / 50);
  return [
    event('response.output_audio.done', place),
    event('response.output_audio_transcript.done', { ...place, transcript }),
    event('response.content_part.done', { ...place, part: { type: 'audio', transcript } }),
    event('conversation.item.done', { previous_item_id: null, item }),
    event('response.output_item.done', { response_id: ids.response, output_index: 0, item }),
    responseDone(ids.response, [item], audioTokens),
  ];
}

/** The end of a response; without items it is one that said nothing. */
export function responseDone(id: string, output: object[], audioTokens: number): string {
  return event('response.done', {
    response: {
      object: 'realtime.response',
      id,
      status: 'completed',
      status_details: null,
      output,
      conversation_id: 'conv_bench',
      output_modalities: ['audio'],
      usage: {
        total_tokens: 100 + audioTokens,
        input_tokens: 100,
        output_tokens: audioTokens,
        input_token_details: { text_tokens: 60, audio_tokens: 40, image_tokens: 0, cached_tokens: 0 },
        output_token_details: { text_tokens: 0, audio_tokens: audioTokens },
      },
      metadata: null,
    },
  });
}

/** The acknowledgements that a client may wait for. */
export function acknowledge(event_: Record<string, unknown>): string[] {
  switch (event_['type']) {
    case 'conversation.item.create': {
      const item = { id: `item_${(lastEvent++).toString(36)}`, status: 'completed', ...(event_['item'] as object) };
      return ['added', 'done'].map((what) => event(`conversation.item.${what}`, { previous_item_id: null, item }));
    }
    case 'conversation.item.truncate':
      return [
        event('conversation.item.truncated', {
          item_id: event_['item_id'],
          content_index: event_['content_index'],
          audio_end_ms: event_['audio_end_ms'],
        }),
      ];
    case 'conversation.item.delete':
      return [event('conversation.item.deleted', { item_id: event_['item_id'] })];
    case 'response.create': {
      const id = `resp_asked_${(lastEvent++).toString(36)}`;
      return [
        event('response.created', {
          response: {
            object: 'realtime.response',
            id,
            status: 'in_progress',
            status_details: null,
            output: [],
            usage: null,
          },
        }),
        responseDone(id, [], 0),
      ];
    }
    default:
      return [];
  }
}
