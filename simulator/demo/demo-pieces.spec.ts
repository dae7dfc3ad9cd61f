import { type DemoEvent, EventOrder } from './demo-event.js';
import { costOf, cutOf, gatewayEvent } from './gateway-events.js';
import { heardOfAnswerMs, wordsHeard } from './interruption.js';
import { drawLanes, levelBlock, wrap } from './live-view.js';
import { liveSettings } from './options.js';

describe('the order of events', () => {
  it('is that in which they happened, whichever came in first', () => {
    const told: string[] = [];
    const order = new EventOrder(({ text }) => told.push(text));
    const add = (atMs: number, text: string): void => order.add({ atMs, lane: 'telnyx', text } satisfies DemoEvent);
    add(300, 'second');
    add(100, 'first');
    order.flush(310);
    expect(told).toEqual(['first']);
    add(250, 'between');
    order.flush(Infinity);
    expect(told).toEqual(['first', 'between', 'second']);
  });
});

describe('what the gateway logs', () => {
  const line = { level: 30, time: 1500, msg: 'the caller interrupts' };
  const item = { itemId: 'item_1', heardMs: 2596.75, receivedMs: 9765.5, complete: false };

  it('about an interruption is told with what was heard', () => {
    const told = { ...line, cut: [{ ...item, complete: true }, item] };
    expect(cutOf(told)).toEqual(item);
    expect(gatewayEvent(told, 1000)).toEqual({
      atMs: 500,
      lane: 'gateway',
      text: 'the caller interrupts, having heard 2597 of 9766 ms of what was generated',
      tone: 'mark',
    });
  });

  it('about keys, tools and lost connections is told with what matters of it', () => {
    const told = (fields: object): unknown =>
      gatewayEvent({ level: 30, time: 1500, msg: 'said', ...fields }, 1000).text;
    expect(told({ keys: '4 keys', ended: 'terminator' })).toBe('said (the log says 4 keys, not which)');
    expect(told({ tool: 'book_table', tookMs: 164 })).toBe('said: book_table, 164 ms');
    expect(told({ level: 40, reason: 'the connection was closed' })).toBe('said: the connection was closed');
    expect(gatewayEvent({ level: 30, time: 1500, msg: 'resumed', resumes: 1 }, 1000)).toMatchObject({ tone: 'mark' });
  });

  it('about the cost is read from the last line of the call', () => {
    const last = { level: 30, time: 1, msg: 'call ended' };
    expect(costOf([line, { ...last, conversation: { costUsd: 0.06 } }])).toBe(0.06);
    expect(costOf([{ ...last, conversation: {} }])).toBeUndefined();
    expect(costOf([last])).toBeUndefined();
    expect(costOf([])).toBeUndefined();
  });

  it('is told as it stands where it is not understood', () => {
    expect(cutOf({ ...line, cut: [{ heardMs: 'x' }] })).toBeUndefined();
    expect(gatewayEvent({ ...line, cut: 'x' }, 1000)).toMatchObject({ text: 'the caller interrupts' });
    expect(gatewayEvent({ ...line, msg: 'model session lost', level: 40 }, 1000)).toMatchObject({ tone: 'warning' });
    expect(gatewayEvent({ ...line, msg: 'Error: boom', level: 50 }, 1000)).toMatchObject({ tone: 'problem' });
  });
});

describe('what was heard of an answer', () => {
  it('is its audio between the question and the drop, gaps left out', () => {
    const spans = [
      { startedAtMs: 0, endedAtMs: 4000 },
      { startedAtMs: 9000, endedAtMs: 10_000 },
      { startedAtMs: 10_200, endedAtMs: 11_000 },
      { startedAtMs: 14_000, endedAtMs: 15_000 },
    ];
    expect(heardOfAnswerMs(spans, 8000, 11_010)).toBe(1800);
    expect(heardOfAnswerMs(spans, 8000, 8500)).toBe(0);
  });

  it('is shown as whole words', () => {
    expect(wordsHeard('one two three four', 0.5)).toBe('one two …');
    expect(wordsHeard('one two', 1)).toBe('one two');
    expect(wordsHeard('one two', 0)).toBe(' …');
  });
});

describe('the lanes of the live view', () => {
  it('have a block for how loud it was', () => {
    expect([-100, -50, -47, -30, -16, 0].map(levelBlock).join('|')).toBe(' | |▁|▅|█|█');
  });

  it('grow with the call and keep its end in sight', () => {
    const level = (who: string, fromMs: number): number => ((who === 'caller') === fromMs < 2000 ? -16 : -100);
    const young = drawLanes({ elapsedMs: 3150, level }, 20);
    expect(young.caller).toBe('████  ');
    expect(young.assistant).toBe('    ██');
    expect(young.axis).toBe('|0 s      |5 s      ');
    const old = drawLanes({ elapsedMs: 20_000, level }, 20);
    expect(old.assistant).toHaveLength(20);
    expect(old.axis).toMatch(/\|15 s +$/);
  });

  it('are empty before the answer', () => {
    expect(drawLanes({ elapsedMs: NaN, level: () => 0 }, 20)).toMatchObject({ caller: '', assistant: '' });
  });

  it('stand below lines that are broken at spaces', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('unbreakable', 5)).toEqual(['unbreakable']);
  });
});

describe('the settings of a live demo', () => {
  it('are those of the model and the assistant, never of Telnyx', () => {
    const env = {
      OPENAI_API_KEY: 'sk-1',
      VOICE: 'cedar',
      TELNYX_API_KEY: 'KEY',
      PORT: '6000',
      OPENAI_REALTIME_URL: '',
    };
    expect(liveSettings(env, '/nonexistent/.env')).toEqual({ OPENAI_API_KEY: 'sk-1', VOICE: 'cedar' });
  });

  it('are none without a key', () => {
    expect(liveSettings({ VOICE: 'cedar' }, '/nonexistent/.env')).toBeUndefined();
  });
});
