import fc from 'fast-check';
import { Conversation } from './conversation.js';
import { ResponseLadder } from './response-ladder.js';
import { type CallPlace, type PlannedItem } from './response-plan.js';
import { type ServerEvent } from './wire-types.js';

const message = (text: string, ms: number): PlannedItem => ({ kind: 'message', text, audio: Buffer.alloc(ms * 8, 7) });
const call: PlannedItem = {
  kind: 'function_call',
  name: 'find',
  arguments: '{"day":"Friday, in the morning"}',
  callId: 'call_1',
};

const mcpCall: PlannedItem & { kind: 'mcp_call' } = {
  kind: 'mcp_call',
  server: 'crm',
  name: 'find',
  arguments: '{"id":7}',
};

function ladderOf(items: PlannedItem[], more: { modality?: 'audio' | 'text'; outOfBand?: boolean } = {}) {
  const conversation = new Conversation();
  const ran: CallPlace[] = [];
  let ids = 0;
  const ladder = new ResponseLadder({
    responseId: 'resp_1',
    items,
    modality: more.modality ?? 'audio',
    bytesPerMs: 8,
    itemShorterByMs: 0,
    nextDeltaMs: () => 200,
    newItemId: () => `item_${++ids}`,
    runMcp: (_item, place) => {
      ran.push(place);
      return undefined;
    },
    ...(more.outOfBand
      ? {}
      : {
          place: (item) => {
            const placed = conversation.add(item);
            return 'error' in placed ? null : placed.previousItemId;
          },
        }),
  });
  return { ladder, conversation, ran };
}

function climb(ladder: ResponseLadder, steps = Infinity): ServerEvent[] {
  const events: ServerEvent[] = [];
  while (events.length < steps) {
    const step = ladder.next();
    if (!step) break;
    events.push(step.event);
    void step.run?.();
  }
  return events;
}

const typesOf = (events: ServerEvent[]) => events.map(({ type }) => type.replace('response.', ''));

describe('ResponseLadder', () => {
  it('sends the events of a spoken item in the captured order', () => {
    const { ladder } = ladderOf([message('Good morning', 400)]);
    expect(typesOf(climb(ladder))).toEqual([
      'output_item.added',
      'conversation.item.added',
      'content_part.added',
      'output_audio_transcript.delta',
      'output_audio.delta',
      'output_audio.delta',
      'output_audio.done',
      'output_audio_transcript.done',
      'content_part.done',
      'conversation.item.done',
      'output_item.done',
    ]);
  });

  it('sends all audio and all words, the words ahead of the audio', () => {
    const { ladder } = ladderOf([message('one two three four five six seven eight', 1000)]);
    const events = climb(ladder);
    const audio = events.flatMap((event) => (event.type === 'response.output_audio.delta' ? [event.delta] : []));
    expect(Buffer.concat(audio.map((delta) => Buffer.from(delta, 'base64')))).toEqual(Buffer.alloc(8000, 7));
    const words = events.flatMap((event) =>
      event.type === 'response.output_audio_transcript.delta' ? [event.delta] : [],
    );
    expect(words.join('')).toBe('one two three four five six seven eight');
    const lastWord = typesOf(events).lastIndexOf('output_audio_transcript.delta');
    const lastAudio = typesOf(events).lastIndexOf('output_audio.delta');
    expect(lastWord).toBeLessThan(lastAudio);
    expect(ladder.output.audio).toBe(20);
  });

  it('says a preamble and an answer as two items of one response', () => {
    const { ladder, conversation } = ladderOf([message('One moment.', 200), message('It is open.', 200)]);
    const events = climb(ladder);
    const added = events.filter((event) => event.type === 'response.output_item.added');
    expect(added.map(({ output_index }) => output_index)).toEqual([0, 1]);
    expect(conversation.all.map(({ text }) => text)).toEqual(['One moment.', 'It is open.']);
  });

  it('calls functions with their arguments in pieces', () => {
    const { ladder } = ladderOf([call, { ...call, callId: 'call_2' }]);
    const events = climb(ladder);
    const pieces = events.flatMap((event) =>
      event.type === 'response.function_call_arguments.delta' && event.call_id === 'call_1' ? [event.delta] : [],
    );
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join('')).toBe(call.arguments);
    expect(events.filter(({ type }) => type === 'response.function_call_arguments.done')).toMatchObject([
      { call_id: 'call_1', name: 'find', arguments: call.arguments },
      { call_id: 'call_2' },
    ]);
  });

  it('writes text deltas when only text is wanted', () => {
    const { ladder } = ladderOf([message('Good morning to you all', 400)], { modality: 'text' });
    const types = typesOf(climb(ladder));
    expect(types).toContain('output_text.delta');
    expect(types).toContain('output_text.done');
    expect(types).not.toContain('output_audio.delta');
  });

  it('keeps an out-of-band response out of the conversation', () => {
    const { ladder } = ladderOf([message('Aside', 200)], { outOfBand: true });
    expect(typesOf(climb(ladder)).filter((type) => type.startsWith('conversation.'))).toEqual([]);
  });

  it('closes exactly what is open, wherever it is left', () => {
    const items = [message('Hold on please', 600), call, message('Here it is', 400)];
    const all = climb(ladderOf(items).ladder).length;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: all + 2 }), (left) => {
        const { ladder } = ladderOf(items);
        const events = [...climb(ladder, left), ...ladder.closeOut()];
        const count = (type: string) => events.filter((event) => event.type === type).length;
        expect(count('response.output_item.done')).toBe(count('response.output_item.added'));
        expect(count('conversation.item.done')).toBe(count('conversation.item.added'));
        expect(count('response.content_part.done')).toBe(count('response.content_part.added'));
        expect(ladder.closeOut()).toEqual([]);
      }),
    );
  });

  it('hands a call of MCP over once its arguments are written, and goes on', () => {
    const { ladder, ran } = ladderOf([mcpCall, message('One moment.', 200)]);
    const events = climb(ladder);
    expect(typesOf(events).slice(0, 5)).toEqual([
      'output_item.added',
      'conversation.item.added',
      'mcp_call_arguments.delta',
      'mcp_call_arguments.done',
      'output_item.added',
    ]);
    expect(ran).toEqual([{ outputIndex: 0, responseId: 'resp_1', previous: null }]);
    // Its own end is announced by whoever runs it.
    expect(events.filter(({ type }) => type === 'response.output_item.done')).toHaveLength(1);
  });

  it('does not run a call of MCP that was cut off', () => {
    const { ladder, ran } = ladderOf([{ ...mcpCall, arguments: '{"name":"somebody with a long name"}' }]);
    climb(ladder, 3);
    expect(typesOf(ladder.closeOut())).toEqual([
      'mcp_call_arguments.done',
      'conversation.item.done',
      'output_item.done',
    ]);
    expect(ran).toEqual([]);
  });

  it('asks for approval of a call, shown before or not', () => {
    const request: PlannedItem = { ...mcpCall, kind: 'mcp_approval_request' };
    const alone = ladderOf([request]);
    expect(typesOf(climb(alone.ladder))).toEqual([
      'output_item.added',
      'conversation.item.added',
      'conversation.item.done',
      'output_item.done',
    ]);
    const shown = ladderOf([
      { ...mcpCall, heldAs: 'item_call' },
      { ...request, callItemId: 'item_call' },
    ]);
    expect(typesOf(climb(shown.ladder))).toContain('mcp_call_arguments.done');
    expect([...alone.ran, ...shown.ran]).toEqual([]);
    expect(shown.conversation.all).toMatchObject([
      { id: 'item_call', type: 'mcp_call', arguments: '{"id":7}' },
      { type: 'mcp_approval_request', arguments: '{"id":7}', callItemId: 'item_call' },
    ]);
  });

  it('marks a function call that was cut off as incomplete, with the arguments so far', () => {
    const { ladder } = ladderOf([call]);
    climb(ladder, 3);
    const events = ladder.closeOut();
    const done = events.find((event) => event.type === 'response.output_item.done');
    expect(done).toMatchObject({ item: { status: 'incomplete', arguments: '{"day":"Friday, ' } });
    expect(() => JSON.parse(done?.item.type === 'function_call' ? done.item.arguments : '{}') as unknown).toThrow();
  });
});
