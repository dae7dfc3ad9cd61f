import fc from 'fast-check';
import {
  type CallEffect,
  type CallEvent,
  type CallPhase,
  type CallState,
  INITIAL_CALL_STATE,
  nextCallState,
  type Wait,
} from './call-state.js';

const LIMITS = { maxRestarts: 3 };
const WAITS: Wait[] = ['first-stream', 'redial', 'restarted-stream', 'sentence', 'hangup'];

/** Follows a list of events from the beginning. */
function follow(events: CallEvent[], limits = LIMITS): { state: CallState; effects: CallEffect[] } {
  let state = INITIAL_CALL_STATE;
  const effects: CallEffect[] = [];
  for (const event of events) {
    const [next, todo] = nextCallState(state, event, limits);
    state = next;
    effects.push(...todo);
  }
  return { state, effects };
}

/** What the last event alone did. */
function lastEffects(events: CallEvent[], limits = LIMITS): CallEffect[] {
  return follow(events, limits).effects.slice(follow(events.slice(0, -1), limits).effects.length);
}

const accepted: CallEvent = { type: 'answer-accepted' };
const started: CallEvent = { type: 'stream-started' };
const lost: CallEvent = { type: 'stream-lost' };
const failed: CallEvent = { type: 'stream-failed' };
const hangup: CallEvent = { type: 'hangup', byCaller: true };
const waited = (wait: Wait): CallEvent => ({ type: 'waited', for: wait });
const restarts = (effects: CallEffect[]): number[] =>
  effects.flatMap((effect) => (effect.do === 'start-stream' ? [effect.attempt] : []));

const anyEvent = fc.oneof(
  fc.constantFrom<CallEvent>(
    accepted,
    { type: 'answered' },
    started,
    lost,
    failed,
    { type: 'sentence-over' },
    { type: 'answer-refused', gone: true },
    { type: 'answer-refused', gone: false },
    { type: 'stream-refused', gone: true },
    { type: 'stream-refused', gone: false },
    hangup,
    { type: 'hangup', byCaller: false },
    { type: 'end', reason: 'shutdown', sentence: true },
    { type: 'end', reason: 'model-lost', sentence: false },
  ),
  fc.constantFrom(...WAITS).map((wait): CallEvent => ({ type: 'waited', for: wait })),
);
/** Mostly events that do not end the call, so that long lives are looked at too. */
const livelyEvent = fc.constantFrom<CallEvent>(
  accepted,
  { type: 'answered' },
  started,
  lost,
  failed,
  { type: 'stream-refused', gone: false },
  waited('first-stream'),
  waited('redial'),
  waited('restarted-stream'),
);
const anyLife = fc.oneof(
  fc.array(anyEvent, { maxLength: 40 }),
  fc
    .tuple(fc.array(livelyEvent, { maxLength: 80 }), fc.array(anyEvent, { maxLength: 8 }))
    .map(([life, end]) => [...life, ...end]),
);

describe('the life of a call', () => {
  it('goes from the answer to the stream to the hang-up', () => {
    const { state, effects } = follow([accepted, { type: 'answered' }, started, hangup]);
    expect(state).toMatchObject({ phase: 'ended', endReason: 'caller-hung-up', streamed: true });
    expect(effects).toEqual([
      { do: 'wait', for: 'first-stream' },
      { do: 'stop-waiting' },
      { do: 'stop-waiting' },
      { do: 'release' },
    ]);
  });

  it('takes the stream for the answer when the socket is faster than the reply to the command', () => {
    const { state, effects } = follow([started, accepted, { type: 'answered' }]);
    expect(state.phase).toBe('streaming');
    expect(effects).toEqual([{ do: 'stop-waiting' }]);
  });

  it.each<[string, CallEvent[]]>([
    ['the stream runs', [started]],
    ['call.answered came', [{ type: 'answered' }]],
    ['the stream ran and waits for the next socket', [started, lost]],
  ])('survives a reply to the answer that was lost when %s', (_case, before) => {
    const events: CallEvent[] = [...before, { type: 'answer-refused', gone: false }];
    expect(follow(events).state).toEqual(follow(before).state);
    expect(lastEffects(events)).toEqual([]);
  });

  it('hangs up when the answer was refused', () => {
    const { state, effects } = follow([{ type: 'answer-refused', gone: false }]);
    expect(state).toMatchObject({ phase: 'ending', endReason: 'answer-failed' });
    expect(effects).toEqual([{ do: 'hang-up' }, { do: 'wait', for: 'hangup' }]);
  });

  it('ends without a hang-up when the caller was gone before the answer', () => {
    const { state, effects } = follow([{ type: 'answer-refused', gone: true }]);
    expect(state).toMatchObject({ phase: 'ended', endReason: 'caller-hung-up' });
    expect(effects).toEqual([{ do: 'stop-waiting' }, { do: 'release' }]);
  });

  it('asks once more for a first stream that does not come, then says so and hangs up', () => {
    const events = [accepted, waited('first-stream'), waited('restarted-stream'), waited('sentence')];
    const { state, effects } = follow(events);
    expect(state).toMatchObject({ phase: 'ending', endReason: 'no-media-stream' });
    expect(effects).toEqual([
      { do: 'wait', for: 'first-stream' },
      { do: 'start-stream', attempt: 1 },
      { do: 'wait', for: 'restarted-stream' },
      { do: 'say-sentence' },
      { do: 'wait', for: 'sentence' },
      { do: 'hang-up' },
      { do: 'wait', for: 'hangup' },
    ]);
  });

  it('asks again as often as allowed for a stream that was lost, then gives up with a sentence', () => {
    const events = [accepted, started, lost, waited('redial'), waited('restarted-stream'), failed, failed];
    const { state, effects } = follow(events);
    expect(restarts(effects)).toEqual([1, 2, 3]);
    expect(state).toMatchObject({ phase: 'saying', endReason: 'media-stream-lost' });
  });

  it('counts anew once a stream worked', () => {
    const once: CallEvent[] = [lost, waited('redial'), waited('restarted-stream'), started];
    const { state, effects } = follow([accepted, started, ...once, ...once, ...once]);
    expect(state).toMatchObject({ phase: 'streaming', attempt: 6, tries: 0 });
    expect(restarts(effects)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('gives up a stream that works for a moment again and again', () => {
    const once: CallEvent[] = [lost, waited('redial'), started];
    const { state, effects } = follow([accepted, started, ...Array.from({ length: 50 }, () => once).flat()]);
    expect(state).toMatchObject({ phase: 'saying', endReason: 'media-stream-lost' });
    expect(restarts(effects)).toHaveLength(20);
  });

  it('goes on when Telnyx dials again by itself', () => {
    const { state, effects } = follow([accepted, started, lost, started]);
    expect(state.phase).toBe('streaming');
    expect(restarts(effects)).toEqual([]);
    expect(effects.at(-1)).toEqual({ do: 'stop-waiting' });
  });

  it('takes streaming.failed for old news while a socket is alive', () => {
    expect(lastEffects([accepted, started, failed])).toEqual([]);
  });

  it('ends when Telnyx says that the call is over instead of starting a stream', () => {
    const { state } = follow([accepted, started, lost, waited('redial'), { type: 'stream-refused', gone: true }]);
    expect(state).toMatchObject({ phase: 'ended', endReason: 'caller-hung-up' });
  });

  it('hangs up when the last sentence is over, and keeps the reason it had', () => {
    const end: CallEvent = { type: 'end', reason: 'model-unavailable', sentence: true };
    const { state, effects } = follow([accepted, started, end, { type: 'sentence-over' }, hangup]);
    expect(state).toMatchObject({ phase: 'ended', endReason: 'model-unavailable' });
    expect(effects.filter((effect) => effect.do === 'hang-up')).toHaveLength(1);
  });

  it('hangs up in the middle of the sentence when there is no time left for it', () => {
    const { state, effects } = follow([
      accepted,
      started,
      { type: 'end', reason: 'model-lost', sentence: true },
      { type: 'end', reason: 'shutdown', sentence: false },
    ]);
    expect(state).toMatchObject({ phase: 'ending', endReason: 'model-lost' });
    expect(effects.slice(-2)).toEqual([{ do: 'hang-up' }, { do: 'wait', for: 'hangup' }]);
  });

  it('says one sentence, however often the end is asked for', () => {
    const end: CallEvent = { type: 'end', reason: 'shutdown', sentence: true };
    const { effects } = follow([accepted, started, end, end, end]);
    expect(effects.filter((effect) => effect.do === 'say-sentence')).toHaveLength(1);
  });

  it('lets go of a call whose end is never reported', () => {
    const { state, effects } = follow([
      accepted,
      { type: 'end', reason: 'assistant-hung-up', sentence: false },
      waited('hangup'),
    ]);
    expect(state).toMatchObject({ phase: 'ended', endReason: 'assistant-hung-up' });
    expect(effects.at(-1)).toEqual({ do: 'release' });
  });

  it('tells apart who hung up', () => {
    expect(follow([accepted, started, { type: 'hangup', byCaller: false }]).state.endReason).toBe('remote-hung-up');
    expect(follow([hangup]).state).toMatchObject({ phase: 'ended', endReason: 'caller-hung-up' });
  });
});

describe('the life of a call, whatever comes in whatever order', () => {
  it('is over once: everything is let go of then, and nothing happens afterwards', () => {
    fc.assert(
      fc.property(anyLife, (events) => {
        let state = INITIAL_CALL_STATE;
        let releases = 0;
        for (const event of events) {
          const before = state;
          const [next, effects] = nextCallState(state, event, LIMITS);
          state = next;
          if (before.phase === 'ended') {
            expect(next).toBe(before);
            expect(effects).toEqual([]);
          }
          releases += effects.filter((effect) => effect.do === 'release').length;
          expect(releases).toBe(state.phase === 'ended' ? 1 : 0);
        }
      }),
    );
  });

  it('waits for exactly one thing in every phase that cannot last by itself', () => {
    fc.assert(
      fc.property(anyLife, (events) => {
        let state = INITIAL_CALL_STATE;
        let waiting: Wait | undefined;
        for (const event of events) {
          // A timer that was replaced or stopped never fires.
          if (event.type === 'waited' && event.for !== waiting) continue;
          if (event.type === 'waited') waiting = undefined;
          const [next, effects] = nextCallState(state, event, LIMITS);
          state = next;
          expect(effects.filter((effect) => effect.do === 'wait').length).toBeLessThanOrEqual(1);
          for (const effect of effects) {
            if (effect.do === 'wait') waiting = effect.for;
            if (effect.do === 'stop-waiting') waiting = undefined;
          }
          expect(WAITS_OF[state.phase]).toContain(waiting);
        }
      }),
    );
  });

  it('comes to its end by its own timers alone, wherever it stands', () => {
    fc.assert(
      fc.property(anyLife, (events) => {
        // Only what can happen: a timer fires when it runs.
        let state = INITIAL_CALL_STATE;
        let waiting: Wait | undefined;
        const step = (event: CallEvent): void => {
          if (event.type === 'waited') {
            if (event.for !== waiting) return;
            waiting = undefined;
          }
          const [next, effects] = nextCallState(state, event, LIMITS);
          state = next;
          for (const effect of effects) {
            if (effect.do === 'wait') waiting = effect.for;
            if (effect.do === 'stop-waiting') waiting = undefined;
          }
        };
        events.forEach(step);
        if (state.phase === 'streaming') step(lost);
        if (state.phase === 'ringing') step({ type: 'answer-refused', gone: false });
        for (let timers = 0; timers < 10 && waiting; timers++) step(waited(waiting));
        expect(state.phase).toBe('ended');
      }),
    );
  });

  it('asks for at most the allowed number of streams in a row, each under a new number', () => {
    fc.assert(
      fc.property(anyLife, fc.integer({ min: 0, max: 5 }), (events, maxRestarts) => {
        let state = INITIAL_CALL_STATE;
        const attempts: number[] = [];
        let inARow = 0;
        for (const event of events) {
          const [next, effects] = nextCallState(state, event, { maxRestarts });
          if (event.type === 'stream-started') inARow = 0;
          const asked = restarts(effects);
          inARow += asked.length;
          expect(inARow).toBeLessThanOrEqual(state.streamed ? maxRestarts : Math.min(1, maxRestarts));
          attempts.push(...asked);
          state = next;
        }
        expect(attempts).toEqual(attempts.map((_, index) => index + 1));
        expect(attempts.length).toBeLessThanOrEqual(20);
      }),
    );
  });

  it('orders the hang-up at most once, says at most one sentence, and neither after the end', () => {
    fc.assert(
      fc.property(anyLife, (events) => {
        const { effects } = follow(events);
        const order = effects.map((effect) => effect.do);
        expect(order.filter((effect) => effect === 'hang-up').length).toBeLessThanOrEqual(1);
        expect(order.filter((effect) => effect === 'say-sentence').length).toBeLessThanOrEqual(1);
        if (order.includes('release')) expect(order.at(-1)).toBe('release');
      }),
    );
  });

  it('ends for the first reason it was given', () => {
    fc.assert(
      fc.property(anyLife, (events) => {
        let state = INITIAL_CALL_STATE;
        for (const event of events) {
          const [next] = nextCallState(state, event, LIMITS);
          if (state.endReason !== undefined) expect(next.endReason).toBe(state.endReason);
          expect(next.endReason === undefined).toBe(!['saying', 'ending', 'ended'].includes(next.phase));
          state = next;
        }
      }),
    );
  });
});

/** What may be waited for in a phase; `undefined` where the phase lasts by itself. */
const WAITS_OF: Record<CallPhase, (Wait | undefined)[]> = {
  ringing: [undefined],
  answered: ['first-stream', 'restarted-stream'],
  streaming: [undefined],
  interrupted: ['redial', 'restarted-stream'],
  saying: ['sentence'],
  ending: ['hangup'],
  ended: [undefined],
};
