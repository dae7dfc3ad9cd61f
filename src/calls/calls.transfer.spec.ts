import { readClientState } from './client-state.js';
import { BROKEN, GONE, NOT_ANSWERED_YET } from './testing/scripted-commands.js';
import {
  type BareLine,
  hangup,
  identity,
  initiated,
  news,
  REPORT,
  settle,
  setUp,
  talking,
  tidyUp,
} from './testing/stage.js';
import { type CallWebhook } from './webhook-event.js';

afterEach(tidyUp);

const SALES = { name: 'sales', to: '+15550100009' };
const REPORTS = { REPORT_URL: 'https://crm.example.com/calls', REPORT_SECRET: 'a secret for reports' };

/** A call whose caller is being connected with somebody; the second leg is `b`, and carries our client state. */
async function transferring(env: Record<string, string> = {}) {
  const stage = setUp(env);
  const line = await talking(stage, 'a', { callSessionId: 'session', from: '+15550100001', to: '+15550100002' });
  const [conversation] = stage.begun;
  conversation?.call.transfer(SALES, undefined);
  await settle();
  const clientState = readClientState(stage.commands.transfers[0]?.clientState);
  return { ...stage, line, conversation, leg: { callSessionId: 'session', clientState } };
}

/** The stream of the call is there again. */
function streamBack({
  calls,
  line,
}: {
  calls: { streamStarted: unknown; streamReady: unknown };
  line: BareLine;
}): void {
  const service = calls as ReturnType<typeof setUp>['calls'];
  expect(service.streamStarted('a', line)).toBe(true);
  service.streamReady('a');
}

describe('a call that is transferred', () => {
  it('has its stream stopped, and a second leg dialled that says whose it is', async () => {
    const { commands, leg, counters } = await transferring();
    expect(commands.asked).toEqual(['answer a', 'stop a', 'transfer a']);
    expect(commands.transfers).toMatchObject([{ to: SALES.to, transfer: 1 }]);
    expect(leg.clientState).toMatchObject({ call: 'a', transfer: 1 });
    expect(counters.transfers).toBe(1);
  });

  it('is announced by Telnyx where the assistant did not', async () => {
    const { calls, webhooks, begun, commands } = setUp();
    await talking({ calls, webhooks }, 'a');
    begun[0]?.call.transfer(SALES, 'One moment.');
    await settle();
    expect(commands.asked.slice(1)).toEqual(['speak a']);
    await webhooks.handle(news('speak-ended', 'a'));
    await settle();
    expect(commands.asked.slice(2)).toEqual(['stop a', 'transfer a']);
  });

  it.each([
    ['the second leg answers, known by its client state', 'answered', 'b', { callSessionId: undefined }],
    ['the second leg answers, known by its session alone', 'answered', 'b', { clientState: undefined }],
    ['the second leg is bridged', 'bridged', 'b', {}],
    ['the first leg is bridged', 'bridged', 'a', { clientState: undefined }],
  ] as const)('is handed over when %s', async (_case, kind, id, less) => {
    const { calls, webhooks, conversation, line, leg } = await transferring();
    expect(calls.activeCalls).toBe(1);
    await webhooks.handle(news(kind, id, { ...leg, ...less }));
    expect(conversation?.told).toEqual(['close']);
    expect(line.closed).toBe(1);
    expect([calls.activeCalls, calls.heldCalls]).toEqual([0, 0]);
    await webhooks.handle(hangup('a'));
    expect(line.closed).toBe(1);
  });

  it('takes no part of it for news of its own: the second leg ringing, answering, or anything about strangers', async () => {
    const { calls, webhooks, commands, leg } = await transferring();
    await webhooks.handle({ ...initiated('b'), direction: 'outgoing', call: identity('b', leg) } as CallWebhook);
    await webhooks.handle(news('answered', 'c', { callSessionId: 'another' }));
    await webhooks.handle(news('hangup', 'c', { callSessionId: 'another' }));
    expect(calls.activeCalls).toBe(1);
    expect(commands.asked).toHaveLength(3);
  });

  it('ends when the caller hangs up, as transferred', async () => {
    const { webhooks, reports, leg } = await transferring(REPORTS);
    await webhooks.handle(news('answered', 'b', leg));
    await webhooks.handle(news('hangup', 'b', leg));
    await webhooks.handle(hangup('a'));
    await settle();
    expect(reports.delivered).toMatchObject([
      { callId: 'a', sessionId: 'session', from: '+15550100001', endReason: 'transferred', conversation: REPORT },
    ]);
  });

  it.each([
    ['user_busy', 'busy'],
    ['no_answer', 'no-answer'],
    ['timeout', 'no-answer'],
    ['call_rejected', 'refused'],
    ['not_found', 'failed'],
    ['a word nobody knows', 'failed'],
  ])('is back with the assistant when the second leg ends with %s', async (cause, why) => {
    const stage = await transferring();
    const { calls, webhooks, commands, conversation, leg, counters } = stage;
    await webhooks.handle(news('hangup', 'b', { ...leg, cause, source: 'callee' }));
    await settle();
    expect(commands.asked.at(-1)).toBe('start a');
    expect(conversation?.told).toEqual([]);
    streamBack(stage);
    expect(conversation?.told).toEqual([`back: ${why}`]);
    expect(counters.transfersFailed).toBe(1);
    // Later sockets are nothing special.
    calls.streamLost('a');
    streamBack(stage);
    expect(conversation?.told).toHaveLength(1);
  });

  it('takes late news of a first try for nothing when it is tried again', async () => {
    const stage = await transferring();
    const { calls, webhooks, commands, conversation, leg } = stage;
    await webhooks.handle(news('hangup', 'b', { ...leg, cause: 'user_busy' }));
    streamBack(stage);
    conversation?.call.transfer(SALES, undefined);
    await settle();
    expect(commands.transfers.map(({ transfer }) => transfer)).toEqual([1, 2]);
    await webhooks.handle(news('answered', 'b', { callSessionId: 'session' }));
    await webhooks.handle(news('hangup', 'b', { callSessionId: 'session', cause: 'user_busy' }));
    expect(calls.activeCalls).toBe(1);
    expect(commands.asked.at(-1)).toBe('transfer a');
    await webhooks.handle(news('answered', 'b2', { callSessionId: 'session' }));
    expect(calls.activeCalls).toBe(0);
  });

  it('has its stream again when nobody tells what became of it, and is left alone when somebody does at last', async () => {
    const stage = await transferring({ TRANSFER_RING_S: '20' });
    const { calls, webhooks, clock, commands, conversation, leg } = stage;
    clock.advance(34_000);
    await settle();
    expect(commands.asked.at(-1)).toBe('transfer a');
    clock.advance(1_000);
    await settle();
    expect(commands.asked.at(-1)).toBe('start a');
    streamBack(stage);
    expect(conversation?.told).toEqual(['back: failed']);
    await webhooks.handle(news('bridged', 'b', leg));
    await settle();
    expect(commands.asked.at(-1)).toBe('stop a');
    expect(calls.activeCalls).toBe(0);
  });

  it('is touched by nothing of ours: not the end of the process, not sockets, not the conversation', async () => {
    const { calls, webhooks, commands, conversation, clock, leg, line } = await transferring();
    const before = [...commands.asked];
    calls.streamLost('a');
    expect(calls.streamStarted('a', line)).toBe(false);
    conversation?.call.end('max-duration', 'Goodbye.');
    calls.endAll('shutdown', true);
    calls.endAll('shutdown', false);
    await expect(conversation?.call.say('Hello?')).resolves.toBe(false);
    await expect(conversation?.call.sendKeys('1')).resolves.toBe(false);
    await webhooks.handle(news('answered', 'b', leg));
    calls.endAll('shutdown', false);
    clock.advance(3 * 3_600_000);
    await settle();
    expect(commands.asked).toEqual(before);
  });

  it('is forgotten when its end is never told', async () => {
    const { webhooks, clock, counters, leg } = await transferring();
    await webhooks.handle(news('answered', 'b', leg));
    clock.advance(250 * 60_000);
    expect(counters.callsEnded).toBe(1);
  });

  it('holds its process only while it rings', async () => {
    const { calls, webhooks, leg } = await transferring();
    expect(calls.heldCalls).toBe(1);
    await webhooks.handle(news('bridged', 'a'));
    expect(calls.heldCalls).toBe(0);
    await webhooks.handle(news('answered', 'b', leg));
  });

  it('is over when Telnyx says that the caller has gone', async () => {
    const { calls, webhooks, begun, commands, counters } = setUp();
    await talking({ calls, webhooks }, 'a');
    commands.always['transfer'] = GONE;
    begun[0]?.call.transfer(SALES, undefined);
    await settle();
    expect(counters.callsEnded).toBe(1);
  });
});

describe('a call that cannot go on, with a fallback', () => {
  const FALLBACK = { FALLBACK_NUMBER: '+15550100077', SENTENCE_FALLBACK: 'Someone will help.', ...REPORTS };

  it('is handed over after the sentence, and its reason stays what it was', async () => {
    const { calls, webhooks, begun, commands, reports } = setUp(FALLBACK);
    await talking({ calls, webhooks }, 'a');
    begun[0]?.call.end('model-lost', 'Sorry.');
    await webhooks.handle(news('speak-ended', 'a'));
    await settle();
    expect(commands.sentences).toEqual(['Someone will help.']);
    expect(commands.transfers).toMatchObject([{ to: '+15550100077', transfer: 1 }]);
    await webhooks.handle(news('bridged', 'a'));
    await webhooks.handle(hangup('a'));
    await settle();
    expect(reports.delivered).toMatchObject([{ endReason: 'model-lost' }]);
    expect(commands.asked).not.toContain('hangup a');
  });

  it('is hung up when nobody answers there', async () => {
    const { calls, webhooks, begun, commands } = setUp(FALLBACK);
    await talking({ calls, webhooks }, 'a');
    begun[0]?.call.end('internal-error', undefined);
    await settle();
    const clientState = readClientState(commands.transfers[0]?.clientState);
    await webhooks.handle(news('hangup', 'b', { clientState, cause: 'no_answer' }));
    await settle();
    expect(commands.asked.at(-1)).toBe('hangup a');
  });

  it('says goodbye as ever when a limit ends it', async () => {
    const { calls, webhooks, begun, commands } = setUp(FALLBACK);
    await talking({ calls, webhooks }, 'a');
    begun[0]?.call.end('max-duration', 'Our time is up.');
    await webhooks.handle(news('speak-ended', 'a'));
    await settle();
    expect(commands.sentences).toEqual(['Our time is up.']);
    expect(commands.asked.at(-1)).toBe('hangup a');
  });
});

describe('a call that this pod cannot take, with an overflow number', () => {
  const OVERFLOW = { OVERFLOW_NUMBER: '+15550100088', MAX_CALLS: '1' };

  async function full() {
    const stage = setUp(OVERFLOW);
    await talking(stage, 'first');
    return stage;
  }

  it('is handed there before it is answered, and is none of our calls', async () => {
    const { calls, webhooks, commands, counters } = await full();
    await webhooks.handle(initiated('a'));
    await webhooks.handle(initiated('a'));
    expect(commands.asked.slice(1)).toEqual(['transfer a']);
    expect(counters).toMatchObject({ callsOverflowed: 1, callsRejected: 0 });
    expect(calls.activeCalls).toBe(1);
    expect(calls.heldCalls).toBe(2);
    const clientState = readClientState(commands.transfers[0]?.clientState);
    await webhooks.handle(news('answered', 'b', { clientState }));
    expect(calls.heldCalls).toBe(1);
    await webhooks.handle(hangup('a'));
    expect(commands.asked.slice(2)).toEqual([]);
  });

  it('is answered for it, without a stream, where Telnyx transfers only answered calls', async () => {
    const { webhooks, clock, commands } = await full();
    commands.outcomes['transfer'] = [NOT_ANSWERED_YET, NOT_ANSWERED_YET];
    const taking = webhooks.handle(initiated('a'));
    for (let waited = 0; waited < 4; waited++) {
      await settle();
      clock.advance(500);
    }
    await taking;
    expect(commands.asked.slice(1)).toEqual(['transfer a', 'answer-only a', 'transfer a', 'transfer a']);
    expect(commands.transfers.map(({ transfer }) => transfer)).toEqual([1, 2, 3]);
    // Answered already: it cannot be rejected any more.
    const clientState = readClientState(commands.transfers[2]?.clientState);
    await webhooks.handle(news('hangup', 'b', { clientState, cause: 'user_busy' }));
    expect(commands.asked.slice(5)).toEqual(['hangup a']);
  });

  it.each([
    ['the second leg is busy', undefined],
    ['Telnyx refuses the transfer', { ok: false, gone: false, code: '10016', status: 422 } as const],
    ['Telnyx is broken', BROKEN],
  ])('is rejected as busy when %s', async (_case, outcome) => {
    const { calls, webhooks, commands } = await full();
    if (outcome) commands.always['transfer'] = outcome;
    await webhooks.handle(initiated('a'));
    const clientState = readClientState(commands.transfers[0]?.clientState);
    if (!outcome) await webhooks.handle(news('hangup', 'b', { clientState, cause: 'user_busy' }));
    expect(commands.asked.slice(1)).toEqual(['transfer a', 'reject a']);
    expect(calls.heldCalls).toBe(1);
  });

  it('is hung up when Telnyx answered it by itself and nobody else did', async () => {
    const { webhooks, commands } = await full();
    await webhooks.handle(initiated('a'));
    await webhooks.handle(news('answered', 'a'));
    const clientState = readClientState(commands.transfers[0]?.clientState);
    await webhooks.handle(news('hangup', 'b', { clientState, cause: 'no_answer' }));
    expect(commands.asked.at(-1)).toBe('hangup a');
  });

  it('is forgotten with its hang-up, or when nobody tells what became of it', async () => {
    const { calls, webhooks, clock, commands } = await full();
    await webhooks.handle(initiated('a'));
    await webhooks.handle(hangup('a'));
    await webhooks.handle(initiated('b'));
    expect(calls.heldCalls).toBe(2);
    clock.advance(60_000);
    expect(calls.heldCalls).toBe(1);
    expect(commands.asked.slice(1)).toEqual(['transfer a', 'transfer b']);
  });

  it('is not found there by a caller who calls too often', async () => {
    const { webhooks, commands } = setUp({ ...OVERFLOW, CALLER_CALLS_PER_MINUTE: '1' });
    for (const id of ['a', 'b']) {
      await webhooks.handle({
        ...initiated(id),
        call: identity(id, { from: '+15550100001' }),
      } as CallWebhook);
    }
    expect(commands.asked).toEqual(['answer a', 'reject b']);
  });
});
