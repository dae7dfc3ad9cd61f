import { type NewCall } from '../affinity/call-directory.js';
import { InMemoryCallDirectory } from '../affinity/directory/in-memory-call-directory.js';
import { type CommandOutcome } from './call-commands.js';
import { verifyStreamToken } from './stream-token.js';
import { BROKEN, GONE } from './testing/scripted-commands.js';
import { BareLine, hangup, identity, initiated, settle, setUp, talking, tidyUp } from './testing/stage.js';
import { type CallWebhook } from './webhook-event.js';

afterEach(tidyUp);

describe('CallsService', () => {
  it('answers an incoming call with a stream to where the webhook reached us, under a signed token', async () => {
    const { webhooks, commands, model, directory, keyring } = setUp();
    await webhooks.handle(initiated('a'));
    expect(commands.asked).toEqual(['answer a']);
    const [base, token = ''] = (commands.streams[0]?.url ?? '').split('/media-stream/');
    expect(base).toBe('wss://gw.example.com');
    expect(verifyStreamToken(token, keyring)).toMatchObject({
      callControlId: 'a',
      attempt: 0,
    });
    expect(model.anticipated).toBe(1);
    await expect(directory.find('a')).resolves.toMatchObject({ streamBaseUrl: 'wss://gw.example.com' });
  });

  it('leaves calls alone that it did not get: outgoing legs', async () => {
    const { calls, webhooks, commands } = setUp();
    await webhooks.handle({ ...initiated('a'), direction: 'outgoing' } as CallWebhook);
    expect(commands.asked).toEqual([]);
    expect(calls.heldCalls).toBe(0);
  });

  it('does not answer a call that was hung up before its call.initiated came', async () => {
    const { calls, webhooks, commands } = setUp();
    await webhooks.handle(hangup('a'));
    await webhooks.handle(initiated('a'));
    expect(commands.asked).toEqual([]);
    expect(calls.mayStream('a', 0)).toBe(false);
  });

  it('answers a call once, whatever comes twice', async () => {
    const { webhooks, commands } = setUp();
    await Promise.all([webhooks.handle(initiated('a')), webhooks.handle(initiated('a'))]);
    await webhooks.handle({ kind: 'answered', call: identity('a') });
    await webhooks.handle(initiated('a'));
    expect(commands.asked).toEqual(['answer a']);
  });

  it('does not answer a call that is hung up while its record is written', async () => {
    const written: ((value: unknown) => void)[] = [];
    class SlowDirectory extends InMemoryCallDirectory {
      override put(record: NewCall): Promise<void> {
        return new Promise((resolve) => written.push(resolve)).then(() => super.put(record));
      }
    }
    const { calls, webhooks, commands } = setUp({}, new SlowDirectory());
    const answering = webhooks.handle(initiated('a'));
    await webhooks.handle(hangup('a'));
    written.forEach((resolve) => resolve(undefined));
    await answering;
    expect(commands.asked).toEqual([]);
    expect(calls.heldCalls).toBe(0);
  });

  it('answers even when the directory is away', async () => {
    class AwayDirectory extends InMemoryCallDirectory {
      override put(): Promise<void> {
        return Promise.reject(new Error('away'));
      }
      override remove(): Promise<boolean> {
        return Promise.reject(new Error('away'));
      }
    }
    const { calls, webhooks, commands } = setUp({}, new AwayDirectory());
    await webhooks.handle(initiated('a'));
    expect(commands.asked).toEqual(['answer a']);
    await webhooks.handle(hangup('a'));
    await settle();
    expect(calls.heldCalls).toBe(0);
  });

  it('rejects as busy above MAX_CALLS, and answers again when one has ended', async () => {
    const { webhooks, commands, counters } = setUp({ MAX_CALLS: '2' });
    for (const id of ['a', 'b', 'c']) await webhooks.handle(initiated(id));
    expect(commands.asked).toEqual(['answer a', 'answer b', 'reject c']);
    expect(counters).toMatchObject({ callsAnswered: 2, callsRejected: 1 });
    await webhooks.handle(hangup('a'));
    await webhooks.handle(initiated('d'));
    expect(commands.asked.at(-1)).toBe('answer d');
  });

  it('counts calls that are being answered at the same moment', async () => {
    const { webhooks, commands } = setUp({ MAX_CALLS: '3' });
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => webhooks.handle(initiated(id))));
    expect(commands.asked.toSorted()).toEqual(['answer a', 'answer b', 'answer c', 'reject d', 'reject e']);
  });

  it('rejects as busy while the event loop is late', async () => {
    const { webhooks, commands, admission, config } = setUp();
    admission.eventLoopDelayMs = config.limits.eventLoopLagLimitMs + 1;
    await webhooks.handle(initiated('a'));
    admission.eventLoopDelayMs = 0;
    await webhooks.handle(initiated('b'));
    expect(commands.asked).toEqual(['reject a', 'answer b']);
  });

  it.each([undefined, 'not a URL'])(
    'rejects a call without an address for its stream: delivered_to %p',
    async (url) => {
      const { calls, webhooks, commands } = setUp();
      await webhooks.handle({ ...initiated('a'), deliveredTo: url } as CallWebhook);
      expect(commands.asked).toEqual(['reject a']);
      expect(calls.heldCalls).toBe(0);
    },
  );

  it('goes by PUBLIC_URL rather than by the webhook', async () => {
    const { webhooks, commands } = setUp({ PUBLIC_URL: 'https://voice.example.com/gw' });
    await webhooks.handle(initiated('a', 'https://internal.example.com/webhooks'));
    expect(commands.streams[0]?.url).toMatch(/^wss:\/\/voice\.example\.com\/gw\/media-stream\/./);
  });

  it('streams to the bare path only when stream auth is off', async () => {
    const { webhooks, commands } = setUp({ STREAM_AUTH: 'off' });
    await webhooks.handle(initiated('a'));
    expect(commands.streams[0]?.url).toBe('wss://gw.example.com/media-stream');
  });

  it('lets a call go when the caller was gone before the answer', async () => {
    const { calls, webhooks, commands, counters } = setUp();
    commands.always['answer'] = GONE;
    await webhooks.handle(initiated('a'));
    expect(commands.asked).toEqual(['answer a']);
    expect(calls.heldCalls).toBe(0);
    expect(counters.callsAnswered).toBe(0);
  });

  it('keeps a call whose stream runs although the reply to the answer was lost', async () => {
    const { calls, webhooks, commands } = setUp();
    let reply: (outcome: CommandOutcome) => void = () => undefined;
    commands.outcomes['answer'] = [new Promise((resolve) => (reply = resolve))];
    const answering = webhooks.handle(initiated('a'));
    await settle();
    const line = new BareLine();
    expect(calls.streamStarted('a', line)).toBe(true);
    calls.streamReady('a');
    reply(BROKEN);
    await answering;
    expect(commands.asked).toEqual(['answer a']);
    expect(line.closed).toBe(0);
    expect(calls.activeCalls).toBe(1);
  });

  it('closes the line and forgets the call when it is hung up', async () => {
    const { calls, webhooks, counters, directory } = setUp();
    const line = new BareLine();
    await webhooks.handle(initiated('a'));
    calls.streamStarted('a', line);
    calls.streamReady('a');
    await webhooks.handle(hangup('a'));
    await webhooks.handle(hangup('a'));
    expect(line.closed).toBe(1);
    expect(counters.callsEnded).toBe(1);
    await expect(directory.find('a')).resolves.toBeUndefined();
    expect(calls.streamStarted('a', new BareLine())).toBe(false);
  });

  it('lets a call go whose line does not close in good order', async () => {
    const { calls, webhooks, directory } = setUp();
    const line = await talking({ calls, webhooks }, 'a');
    line.close = () => {
      throw new Error('a mistake');
    };
    await webhooks.handle(hangup('a'));
    expect(calls.heldCalls).toBe(0);
    await expect(directory.find('a')).resolves.toBeUndefined();
  });

  it('begins one conversation, however often the stream comes back', async () => {
    const { calls, webhooks, begun } = setUp();
    const line = new BareLine();
    await webhooks.handle(initiated('a'));
    for (let socket = 0; socket < 3; socket++) {
      expect(calls.streamStarted('a', line)).toBe(true);
      calls.streamReady('a');
      calls.streamLost('a');
    }
    expect(begun).toHaveLength(1);
  });

  it('carries a stream of a call that it does not know: its token says that it was answered', async () => {
    const { calls, begun, commands, clock } = setUp({ PUBLIC_URL: 'https://gw.example.com' });
    const baseUrl = 'wss://gw.example.com';
    calls.adopt({ callControlId: 'stranger', epoch: 1, baseUrl, record: undefined, conversation: undefined });
    expect(calls.streamStarted('stranger', new BareLine())).toBe(true);
    calls.streamReady('stranger');
    expect(begun).toHaveLength(1);
    calls.streamLost('stranger');
    clock.advance(60_000);
    await settle();
    expect(commands.streams[0]?.url).toMatch(/^wss:\/\/gw\.example\.com\/media-stream\/./);
  });

  it('serves streams of answered calls above MAX_CALLS, up to half as many again', async () => {
    const { calls, commands } = setUp({ MAX_CALLS: '2', PUBLIC_URL: 'https://gw.example.com' });
    const taken = ['a', 'b', 'c', 'd'].map((callControlId) => {
      const baseUrl = 'wss://gw.example.com';
      calls.adopt({ callControlId, epoch: 1, baseUrl, record: undefined, conversation: undefined });
      return calls.streamStarted(callControlId, new BareLine());
    });
    await settle();
    expect(taken).toEqual([true, true, true, false]);
    expect(commands.asked).toEqual(['speak d']);
  });

  it('says the sentence of a conversation that cannot go on, and hangs up', async () => {
    const { calls, webhooks, commands, begun } = setUp();
    await talking({ calls, webhooks }, 'a');
    begun[0]?.call.end('model-unavailable', 'Sorry, sorry.');
    expect(commands.sentences).toEqual(['Sorry, sorry.']);
    expect(begun[0]?.told).toEqual(['close']);
    await settle();
    await webhooks.handle({ kind: 'speak-ended', call: identity('a') });
    expect(commands.asked).toEqual(['answer a', 'speak a', 'hangup a']);
  });

  it('takes no new socket for a call that is saying its last sentence or was hung up', async () => {
    const { calls, webhooks } = setUp();
    await webhooks.handle(initiated('a'));
    calls.streamStarted('a', new BareLine());
    calls.end('a', 'model-lost', true);
    expect(calls.streamStarted('a', new BareLine())).toBe(false);
    calls.end('a', 'shutdown', false);
    expect(calls.streamStarted('a', new BareLine())).toBe(false);
  });

  it('ends every call at once at the second signal, those in the middle of their sentence too', async () => {
    const { calls, webhooks, commands } = setUp();
    for (const id of ['a', 'b']) {
      await webhooks.handle(initiated(id));
      calls.streamStarted(id, new BareLine());
    }
    calls.endAll('shutdown', true);
    calls.endAll('shutdown', false);
    await settle();
    expect(commands.asked.slice(2)).toEqual(['speak a', 'speak b', 'hangup a', 'hangup b']);
    expect(calls.activeCalls).toBe(0);
    expect(calls.heldCalls).toBe(2);
  });

  it('takes tokens two minutes old at most before the first stream, and old ones for a call that has had one', async () => {
    const { calls, webhooks } = setUp({ MAX_CALL_DURATION_S: '3600' });
    await webhooks.handle(initiated('a'));
    expect([0, 120, 121].map((ageS) => calls.mayStream('a', ageS))).toEqual([true, true, false]);
    // Of a call that is not here, others are asked.
    expect([121, 3_720, 3_721].map((ageS) => calls.mayStream('stranger', ageS))).toEqual([true, true, false]);
    calls.streamStarted('a', new BareLine());
    calls.streamLost('a');
    // The longest call, and its goodbye.
    expect([121, 3_720, 3_721].map((ageS) => calls.mayStream('a', ageS))).toEqual([true, true, false]);
  });

  it('ignores news of calls that it does not carry', async () => {
    const { calls, webhooks, commands, counters } = setUp();
    await webhooks.handle({ kind: 'answered', call: identity('x') });
    await webhooks.handle({ kind: 'streaming-failed', call: identity('x'), reason: 'connection_failed' });
    await webhooks.handle({ kind: 'speak-ended', call: identity('x') });
    await webhooks.handle({ kind: 'ignored', eventType: 'call.cost' });
    calls.streamLost('x');
    calls.streamReady('x');
    calls.end('x', 'shutdown', true);
    expect(commands.asked).toEqual([]);
    expect(counters.webhooksIgnored).toBe(1);
  });
});
