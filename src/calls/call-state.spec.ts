import fc from 'fast-check';
import {
  type CallEffect,
  type CallEvent,
  type CallPhase,
  type CallRules,
  type CallState,
  INITIAL_CALL_STATE,
  WAITS,
  type Wait,
} from './call-events.js';
import { nextCallState } from './call-state.js';

const LIMITS: CallRules = { maxRestarts: 3, failure: { sentence: 'Sorry.', fallbackTo: undefined } };
const WITH_FALLBACK: CallRules = { maxRestarts: 3, failure: { sentence: 'Someone will help.', fallbackTo: '+1' } };
const EITHER = fc.constantFrom(LIMITS, WITH_FALLBACK);

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
const transfer: CallEvent = { type: 'transfer', to: '+15550100009', sentence: undefined };
const dialled = (number = 1): CallEvent => ({ type: 'transfer-accepted', transfer: number });
const picked = (number = 1): CallEvent => ({ type: 'second-leg-answered', transfer: number });
const busy = (number = 1): CallEvent => ({ type: 'second-leg-over', transfer: number, why: 'busy', talked: false });
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
    { type: 'end', reason: 'shutdown', sentence: 'Goodbye.' },
    { type: 'end', reason: 'shutdown', sentence: undefined },
    { type: 'end', reason: 'model-lost', sentence: 'Sorry.' },
    { type: 'end', reason: 'model-lost', sentence: undefined },
    transfer,
    { ...transfer, sentence: 'One moment.' },
    { type: 'transfer-refused', transfer: 1, gone: true, certain: true },
  ),
  fc
    .constantFrom(1, 2)
    .chain((number) =>
      fc.constantFrom<CallEvent>(
        dialled(number),
        { type: 'transfer-refused', transfer: number, gone: false, certain: true },
        { type: 'transfer-refused', transfer: number, gone: false, certain: false },
        picked(number),
        busy(number),
        { type: 'second-leg-over', transfer: number, why: 'failed', talked: true },
      ),
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
  transfer,
  dialled(),
  busy(),
  waited('second-leg'),
);
const anyLife = fc.oneof(
  fc.array(anyEvent, { maxLength: 40 }),
  fc
    .tuple(fc.array(livelyEvent, { maxLength: 80 }), fc.array(anyEvent, { maxLength: 8 }))
    .map(([life, end]) => [...life, ...end]),
);

describe('the life of a call', () => {
  it('does not ask again for the failure of a stream that a later one has already taken the place of', () => {
    const late: CallEvent = { type: 'stream-failed', attempt: 0 };
    const restarted = [accepted, waited('first-stream')];
    expect(lastEffects([...restarted, late])).toEqual([]);
    expect(restarts(lastEffects([accepted, late]))).toEqual([1]);
    expect(restarts(lastEffects([accepted, started, lost, failed, { type: 'stream-failed', attempt: 1 }]))).toEqual([
      2,
    ]);
    expect(lastEffects([accepted, started, lost, failed, late])).toEqual([]);
  });

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
      { do: 'say-sentence', sentence: 'Sorry.' },
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
    const end: CallEvent = { type: 'end', reason: 'model-unavailable', sentence: 'Sorry.' };
    const { state, effects } = follow([accepted, started, end, { type: 'sentence-over' }, hangup]);
    expect(state).toMatchObject({ phase: 'ended', endReason: 'model-unavailable' });
    expect(effects.filter((effect) => effect.do === 'hang-up')).toHaveLength(1);
  });

  it('hangs up in the middle of the sentence when there is no time left for it', () => {
    const { state, effects } = follow([
      accepted,
      started,
      { type: 'end', reason: 'model-lost', sentence: 'Sorry.' },
      { type: 'end', reason: 'shutdown', sentence: undefined },
    ]);
    expect(state).toMatchObject({ phase: 'ending', endReason: 'model-lost' });
    expect(effects.slice(-2)).toEqual([{ do: 'hang-up' }, { do: 'wait', for: 'hangup' }]);
  });

  it('says one sentence, however often the end is asked for', () => {
    const end: CallEvent = { type: 'end', reason: 'shutdown', sentence: 'Sorry.' };
    const { effects } = follow([accepted, started, end, end, end]);
    expect(effects.filter((effect) => effect.do === 'say-sentence')).toHaveLength(1);
  });

  it('lets go of a call whose end is never reported', () => {
    const { state, effects } = follow([
      accepted,
      { type: 'end', reason: 'assistant-hung-up', sentence: undefined },
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

describe('a transfer', () => {
  const talking = [accepted, started];

  it('is announced where there is a sentence, ordered, dialled and answered; its end is the caller’s hang-up', () => {
    const announced: CallEvent = { ...transfer, sentence: 'One moment.' };
    const { state, effects } = follow([...talking, announced, { type: 'sentence-over' }, dialled(), picked(), hangup]);
    expect(state).toMatchObject({ phase: 'ended', endReason: 'transferred' });
    expect(effects.slice(2)).toEqual([
      { do: 'say-sentence', sentence: 'One moment.' },
      { do: 'wait', for: 'sentence' },
      { do: 'transfer', to: '+15550100009', transfer: 1 },
      { do: 'wait', for: 'second-leg' },
      { do: 'wait', for: 'second-leg' },
      { do: 'hand-over' },
      { do: 'wait', for: 'transferred' },
      { do: 'stop-waiting' },
      { do: 'release' },
    ]);
  });

  it('needs no answer to its command to be answered: webhooks may be faster', () => {
    expect(follow([...talking, transfer, picked(), dialled()]).state.phase).toBe('transferred');
    const refused: CallEvent = { type: 'transfer-refused', transfer: 1, gone: false, certain: false };
    expect(follow([...talking, transfer, picked(), refused]).state.phase).toBe('transferred');
  });

  it('is touched by no end, no loss of the socket and no stream while it rings', () => {
    const events: CallEvent[] = [
      { type: 'end', reason: 'max-duration', sentence: 'Goodbye.' },
      { type: 'end', reason: 'shutdown', sentence: undefined },
      lost,
      failed,
      started,
      { type: 'sentence-over' },
    ];
    for (const event of events) expect(lastEffects([...talking, transfer, dialled(), event])).toEqual([]);
  });

  it.each<[string, CallEvent, string]>([
    ['the line is busy', busy(), 'busy'],
    ['nobody answers', { type: 'second-leg-over', transfer: 1, why: 'no-answer', talked: false }, 'no-answer'],
    ['Telnyx refuses it', { type: 'transfer-refused', transfer: 1, gone: false, certain: true }, 'failed'],
    ['Telnyx does not answer', { type: 'transfer-refused', transfer: 1, gone: false, certain: false }, 'failed'],
    ['nothing is heard of it', waited('second-leg'), 'failed'],
  ])('brings the caller back when %s, and says so when the stream is there', (_case, event, why) => {
    expect(lastEffects([...talking, transfer, event])).toEqual([
      { do: 'start-stream', attempt: 1 },
      { do: 'wait', for: 'restarted-stream' },
    ]);
    const { state } = follow([...talking, transfer, event, started]);
    expect(state).toMatchObject({ phase: 'streaming', returning: undefined, endReason: undefined });
    expect(lastEffects([...talking, transfer, event, started])).toEqual([
      { do: 'stop-waiting' },
      { do: 'come-back', why },
    ]);
  });

  it('tells that the caller is back once, not with every later stream', () => {
    const events = [...talking, transfer, busy(), started, lost, started];
    expect(follow(events).effects.filter((effect) => effect.do === 'come-back')).toHaveLength(1);
  });

  it('may be tried again, and takes news of the first try for nothing then', () => {
    const events = [...talking, transfer, dialled(), busy(), started, transfer, dialled(2)];
    expect(lastEffects([...events, busy()])).toEqual([]);
    expect(lastEffects([...events, picked()])).toEqual([]);
    expect(follow([...events, picked(2)]).state).toMatchObject({ phase: 'transferred', transfers: 2 });
  });

  it('is left by the assistant again when it turns out to have been answered after all', () => {
    const events = [...talking, transfer, dialled(), waited('second-leg'), started, picked()];
    expect(follow(events).state.phase).toBe('transferred');
    expect(lastEffects(events)[0]).toEqual({ do: 'stop-stream' });
  });

  it('is taken by Telnyx late, and left by the assistant when it is answered then', () => {
    const events = [...talking, transfer, waited('second-leg'), dialled(), started, picked()];
    expect(follow(events).state.phase).toBe('transferred');
  });

  it('is not answered by news that comes after its end', () => {
    const events = [...talking, transfer, dialled(), busy(), started, picked()];
    expect(follow(events).state.phase).toBe('streaming');
  });

  it('of which nothing was heard is not hung up when no stream comes back either', () => {
    const unknown = [...talking, transfer, dialled(), waited('second-leg')];
    const refused: CallEvent = { type: 'stream-refused', gone: false };
    expect(follow([...unknown, refused, refused, refused]).state.phase).toBe('transferred');
    // One that Telnyx says has failed is.
    const over = [...talking, transfer, dialled(), busy()];
    expect(follow([...over, refused, refused, refused]).state).toMatchObject({ endReason: 'media-stream-lost' });
  });

  it('ends with the caller’s hang-up while it rings', () => {
    expect(follow([...talking, transfer, dialled(), hangup]).state.endReason).toBe('caller-hung-up');
    const gone: CallEvent = { type: 'transfer-refused', transfer: 1, gone: true, certain: true };
    expect(follow([...talking, transfer, gone]).state.endReason).toBe('caller-hung-up');
  });

  it('was one when the talk is over before its beginning was told', () => {
    const over: CallEvent = { type: 'second-leg-over', transfer: 1, why: 'failed', talked: true };
    expect(follow([...talking, transfer, dialled(), over, hangup]).state.endReason).toBe('transferred');
    expect(
      follow([...talking, transfer, dialled(), over, { type: 'stream-refused', gone: true }]).state.endReason,
    ).toBe('transferred');
  });

  it('is no more than a wish before the call has had a stream', () => {
    expect(lastEffects([accepted, transfer])).toEqual([]);
  });

  it('is let go of when its end was never told', () => {
    const { state } = follow([...talking, transfer, picked(), waited('transferred')]);
    expect(state).toMatchObject({ phase: 'ended', endReason: 'transferred' });
  });
});

describe('a failure with a fallback', () => {
  const failure: CallEvent = { type: 'end', reason: 'model-lost', sentence: 'Sorry.' };
  const talking = [accepted, started];

  it('says so, hands the caller over, and stays the reason of the end', () => {
    const events = [...talking, failure, { type: 'sentence-over' } as CallEvent, dialled(), picked(), hangup];
    const { state, effects } = follow(events, WITH_FALLBACK);
    expect(state).toMatchObject({ phase: 'ended', endReason: 'model-lost' });
    expect(effects.filter((effect) => ['say-sentence', 'transfer', 'hang-up'].includes(effect.do))).toEqual([
      { do: 'say-sentence', sentence: 'Someone will help.' },
      { do: 'transfer', to: '+1', transfer: 1 },
    ]);
  });

  it('hangs up when nobody is there either, or Telnyx does not take it', () => {
    const said = [...talking, failure, waited('sentence')];
    for (const event of [busy(), { type: 'transfer-refused', transfer: 1, gone: false, certain: false } as CallEvent]) {
      expect(follow([...said, event], WITH_FALLBACK).state).toMatchObject({ phase: 'ending', endReason: 'model-lost' });
    }
  });

  it('leaves them alone when nothing is heard of a leg that was dialled', () => {
    const said = [...talking, failure, waited('sentence')];
    expect(follow([...said, dialled(), waited('second-leg')], WITH_FALLBACK).state.phase).toBe('transferred');
    expect(follow([...said, waited('second-leg')], WITH_FALLBACK).state.phase).toBe('ending');
  });

  it('is taken for a stream that cannot be had, too', () => {
    const events = [accepted, waited('first-stream'), waited('restarted-stream'), waited('sentence')];
    expect(follow(events, WITH_FALLBACK).state).toMatchObject({
      phase: 'transferring',
      endReason: 'no-media-stream',
    });
  });

  it('is not taken for limits, for a shutdown, or when there is no time for it', () => {
    for (const reason of ['max-duration', 'caller-idle', 'shutdown'] as const) {
      const events: CallEvent[] = [
        ...talking,
        { type: 'end', reason, sentence: 'Goodbye.' },
        { type: 'sentence-over' },
      ];
      expect(follow(events, WITH_FALLBACK).state.phase).toBe('ending');
    }
    const inAHurry: CallEvent = { type: 'end', reason: 'shutdown', sentence: undefined };
    expect(follow([...talking, failure, inAHurry], WITH_FALLBACK).state).toMatchObject({
      phase: 'ending',
      endReason: 'model-lost',
    });
  });
});

describe('the life of a call, whatever comes in whatever order', () => {
  it('is over once: everything is let go of then, and nothing happens afterwards', () => {
    fc.assert(
      fc.property(anyLife, EITHER, (events, rules) => {
        let state = INITIAL_CALL_STATE;
        let releases = 0;
        for (const event of events) {
          const before = state;
          const [next, effects] = nextCallState(state, event, rules);
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
      fc.property(anyLife, EITHER, (events, rules) => {
        let state = INITIAL_CALL_STATE;
        let waiting: Wait | undefined;
        for (const event of events) {
          // A timer that was replaced or stopped never fires.
          if (event.type === 'waited' && event.for !== waiting) continue;
          if (event.type === 'waited') waiting = undefined;
          const [next, effects] = nextCallState(state, event, rules);
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
      fc.property(anyLife, EITHER, (events, rules) => {
        // Only what can happen: a timer fires when it runs.
        let state = INITIAL_CALL_STATE;
        let waiting: Wait | undefined;
        const step = (event: CallEvent): void => {
          if (event.type === 'waited') {
            if (event.for !== waiting) return;
            waiting = undefined;
          }
          const [next, effects] = nextCallState(state, event, rules);
          state = next;
          for (const effect of effects) {
            if (effect.do === 'wait') waiting = effect.for;
            if (effect.do === 'stop-waiting') waiting = undefined;
          }
        };
        events.forEach(step);
        if (state.phase === 'streaming') step(lost);
        if (state.phase === 'ringing') step({ type: 'answer-refused', gone: false });
        for (let timers = 0; timers < 20 && waiting; timers++) step(waited(waiting));
        expect(state.phase).toBe('ended');
      }),
    );
  });

  it('asks for at most the allowed number of streams in a row, each under a new number', () => {
    fc.assert(
      fc.property(anyLife, EITHER, fc.integer({ min: 0, max: 5 }), (events, { failure }, maxRestarts) => {
        let state = INITIAL_CALL_STATE;
        const attempts: number[] = [];
        let inARow = 0;
        for (const event of events) {
          const [next, effects] = nextCallState(state, event, { maxRestarts, failure });
          // A transfer that came to nothing begins anew: the stream was well when it was stopped.
          if (event.type === 'stream-started' || state.phase === 'transferring') inARow = 0;
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

  it('touches nothing while the caller talks to somebody else, until they hang up', () => {
    fc.assert(
      fc.property(anyLife, fc.array(anyEvent, { maxLength: 30 }), EITHER, (before, after, rules) => {
        let { state } = follow([...before, accepted, started, transfer, dialled(1), picked(1)], rules);
        fc.pre(state.phase === 'transferred');
        for (const event of after) {
          const [next, effects] = nextCallState(state, event, rules);
          state = next;
          if (event.type === 'hangup' || (event.type === 'waited' && event.for === 'transferred')) break;
          expect(next.phase).toBe('transferred');
          expect(effects).toEqual([]);
        }
      }),
    );
  });

  it('hangs up no call in which the two may be talking', () => {
    fc.assert(
      fc.property(anyLife, EITHER, (events, rules) => {
        let state = INITIAL_CALL_STATE;
        for (const event of events) {
          const [next, effects] = nextCallState(state, event, rules);
          if (state.phase === 'transferred') expect(effects.map((effect) => effect.do)).not.toContain('hang-up');
          state = next;
        }
      }),
    );
  });

  it('orders the hang-up at most once, says at most one sentence, and neither after the end', () => {
    fc.assert(
      fc.property(anyLife, EITHER, (events, rules) => {
        const { effects } = follow(events, rules);
        const order = effects.map((effect) => effect.do);
        const transfers = order.filter((effect) => effect === 'transfer').length;
        expect(order.filter((effect) => effect === 'hang-up').length).toBeLessThanOrEqual(1);
        // Besides those that announce a transfer.
        expect(order.filter((effect) => effect === 'say-sentence').length).toBeLessThanOrEqual(1 + transfers);
        if (order.includes('release')) expect(order.at(-1)).toBe('release');
      }),
    );
  });

  it('ends for the first reason it was given', () => {
    fc.assert(
      fc.property(anyLife, EITHER, (events, rules) => {
        let state = INITIAL_CALL_STATE;
        for (const event of events) {
          const [next] = nextCallState(state, event, rules);
          if (state.endReason !== undefined) expect(next.endReason).toBe(state.endReason);
          if (['ending', 'ended'].includes(next.phase)) expect(next.endReason).toBeDefined();
          if (next.endReason !== undefined) expect(LAST_PHASES).toContain(next.phase);
          state = next;
        }
      }),
    );
  });
});

/** Where a call may be that has a reason to end: with a fallback it ends by a transfer. */
const LAST_PHASES: CallPhase[] = ['saying', 'transferring', 'transferred', 'ending', 'ended'];

/** What may be waited for in a phase; `undefined` where the phase lasts by itself. */
const WAITS_OF: Record<CallPhase, (Wait | undefined)[]> = {
  ringing: [undefined],
  answered: ['first-stream', 'restarted-stream'],
  streaming: [undefined],
  interrupted: ['redial', 'restarted-stream'],
  transferring: ['second-leg'],
  transferred: ['transferred'],
  saying: ['sentence'],
  ending: ['hangup'],
  ended: [undefined],
};
