import { type ConversationReport } from '../conversation/record/conversation-report.js';
import { BareLine, hangup, initiated, news, REPORT, settle, setUp, talking, tidyUp } from './testing/stage.js';

afterEach(tidyUp);

const REPORTS = {
  REPORT_URL: 'https://crm.example.com/calls',
  REPORT_SECRET: 'a secret for reports',
  LAST_WORDS_WAIT_MS: '2000',
};

describe('a conversation and its call', () => {
  it('hears keys that come by webhook, while there is somebody to hear them', async () => {
    const { calls, webhooks, begun } = setUp();
    await webhooks.handle(initiated('a'));
    await webhooks.handle(news('key', 'a', { digit: '1' }));
    calls.streamStarted('a', new BareLine());
    calls.streamReady('a');
    await webhooks.handle(news('key', 'a', { digit: '#' }));
    await webhooks.handle(news('key', 'stranger'));
    expect(begun[0]?.told).toEqual(['key # at 1000']);
  });

  it('presses keys, each time anew, and is told whether they were sent', async () => {
    const { calls, webhooks, begun, commands } = setUp();
    await talking({ calls, webhooks }, 'a');
    await expect(begun[0]?.call.sendKeys('12#')).resolves.toBe(true);
    commands.always['keys 12#'] = { ok: false, gone: false, code: '90034', status: 422 };
    await expect(begun[0]?.call.sendKeys('12#')).resolves.toBe(false);
  });

  it('says a sentence beside the stream, whose end is not taken for that of the last one', async () => {
    const { calls, webhooks, begun, commands } = setUp();
    await talking({ calls, webhooks }, 'a');
    await expect(begun[0]?.call.say('One moment.')).resolves.toBe(true);
    begun[0]?.call.end('model-lost', 'Sorry.');
    await webhooks.handle(news('speak-ended', 'a'));
    await settle();
    expect(commands.asked.slice(1)).toEqual(['say a', 'speak a']);
    await webhooks.handle(news('speak-ended', 'a'));
    await settle();
    expect(commands.asked.at(-1)).toBe('hangup a');
  });

  it('does not wait for the end of a sentence that was refused, or whose end got lost', async () => {
    const { calls, webhooks, begun, commands, clock } = setUp();
    await talking({ calls, webhooks }, 'a');
    await begun[0]?.call.say('One moment.');
    clock.advance(60_000);
    commands.always['say'] = { ok: false, gone: false, code: '90045', status: 422 };
    await expect(begun[0]?.call.say('One moment.')).resolves.toBe(false);
    begun[0]?.call.end('model-lost', 'Sorry.');
    await webhooks.handle(news('speak-ended', 'a'));
    await settle();
    expect(commands.asked.at(-1)).toBe('hangup a');
  });

  it('ends its own call, and no other, when it cannot begin', async () => {
    const { calls, webhooks, conversations, commands } = setUp();
    await talking({ calls, webhooks }, 'other');
    conversations.mistake = new Error('a mistake');
    await talking({ calls, webhooks }, 'a');
    await settle();
    expect(commands.asked.slice(2)).toEqual(['speak a']);
    expect(calls.activeCalls).toBe(2);
  });

  it('ends its own call when it makes a mistake with a key', async () => {
    const { calls, webhooks, begun, commands } = setUp();
    await talking({ calls, webhooks }, 'a');
    if (begun[0]) {
      begun[0].keyFromWebhook = () => {
        throw new Error('a mistake');
      };
    }
    await webhooks.handle(news('key', 'a'));
    await settle();
    expect(commands.asked.slice(1)).toEqual(['speak a']);
  });
});

describe('the report of a call', () => {
  it('is delivered when the last words are written down, which holds the process but no room for calls', async () => {
    const { calls, webhooks, begun, reports, clock } = setUp(REPORTS);
    const line = await talking({ calls, webhooks }, 'a', { from: '+15550100001' });
    let written: (report: ConversationReport) => void = () => undefined;
    if (begun[0]) begun[0].lastWords = new Promise((resolve) => (written = resolve));
    clock.advance(5_000);
    await webhooks.handle(hangup('a'));
    expect(begun[0]?.told).toEqual(['finish']);
    expect(line.closed).toBe(1);
    expect([calls.activeCalls, calls.heldCalls]).toEqual([0, 1]);
    expect(reports.delivered).toEqual([]);
    written(REPORT);
    await settle();
    expect(calls.heldCalls).toBe(0);
    expect(reports.delivered).toMatchObject([
      { callId: 'a', from: '+15550100001', durationMs: 5_000, endReason: 'caller-hung-up', conversation: REPORT },
    ]);
  });

  it('is asked for when the call begins to end, not when Telnyx says that it has', async () => {
    const { calls, webhooks, begun } = setUp(REPORTS);
    await talking({ calls, webhooks }, 'a');
    begun[0]?.call.end('assistant-hung-up', undefined);
    expect(begun[0]?.told).toEqual(['finish']);
    await webhooks.handle(hangup('a', 'callee'));
    expect(begun[0]?.told).toHaveLength(1);
  });

  it.each([
    ['never comes to its end', () => new Promise<ConversationReport>(() => undefined)],
    ['fails', () => Promise.reject(new Error('a mistake'))],
  ])('goes without the conversation when that %s', async (_case, lastWords) => {
    const { calls, webhooks, begun, reports, clock } = setUp(REPORTS);
    await talking({ calls, webhooks }, 'a');
    if (begun[0]) begun[0].finish = lastWords;
    await webhooks.handle(hangup('a'));
    clock.advance(3_000);
    await settle();
    expect(reports.delivered).toMatchObject([{ callId: 'a', conversation: null }]);
    expect(calls.heldCalls).toBe(0);
  });

  it('tells what was said on another pod, where the call ends before its stream is here', async () => {
    const stage = setUp(REPORTS);
    const { calls, reports } = stage;
    const usage = { ...REPORT.usage, outputAudioTokens: 300 };
    const totals = { turns: 2, interruptions: 1, transcriptionSeconds: 3, knownCostUsd: 0.25, costUsd: 0.25, usage };
    const conversation = new Map<string, unknown>([
      ['entry/0', { kind: 'assistant', number: 0, atMs: 1, text: 'How can I help you?', heardShare: 1, cut: false }],
      ['entry/1', { kind: 'caller', number: 1, atMs: 2, text: 'Sales, please.' }],
      [
        'entry/2',
        { kind: 'assistant', number: 2, atMs: 3, text: 'I am putting you through.', heardShare: 1, cut: false },
      ],
      ['totals', totals],
      ['sessions', { resumes: 1, greetingHeard: true }],
      // What nobody has heard was not said.
      [
        'floor',
        { heard: [{ entry: 2, heardMs: 0, heardShare: 0 }], cutOff: false, owed: false, callerTurnOpen: false },
      ],
    ]);
    const taken = { epoch: 2, baseUrl: 'wss://gw.example.com', record: undefined };
    calls.adopt({ callControlId: 'a', ...taken, conversation });
    calls.adopt({ callControlId: 'unread', ...taken, conversation: new Map() });
    for (const id of ['a', 'unread']) await stage.webhooks.handle(hangup(id));
    await settle();
    expect(reports.delivered).toMatchObject([
      {
        callId: 'a',
        conversation: {
          ...{
            interruptions: 1,
            resumes: 1,
            transcriptionSeconds: 3,
            costUsd: 0.25,
            usage: { outputAudioTokens: 300 },
          },
          transcript: [
            { kind: 'assistant', text: 'How can I help you?' },
            { kind: 'caller', text: 'Sales, please.' },
          ],
        },
      },
      { callId: 'unread', conversation: null },
    ]);
  });

  it('goes without a conversation where none took place, and nowhere when it is not wanted', async () => {
    const wanted = setUp(REPORTS);
    await wanted.webhooks.handle(initiated('a'));
    await wanted.webhooks.handle(hangup('a'));
    await settle();
    expect(wanted.reports.delivered).toMatchObject([{ callId: 'a', conversation: null }]);

    const unwanted = setUp();
    await talking(unwanted, 'a');
    await unwanted.webhooks.handle(hangup('a'));
    await settle();
    expect(unwanted.begun[0]?.told).toEqual(['close']);
    expect(unwanted.reports.delivered).toEqual([]);
  });
});
