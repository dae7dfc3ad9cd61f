import { Webhook } from 'standardwebhooks';
import { type RealtimeSwitches } from '../simulator/realtime/index.js';
import { type TelnyxSwitches } from '../simulator/telnyx/index.js';
import {
  answerTool,
  bakeryEnvironment,
  GREETING,
  MCP_SERVERS,
  REPORT_SECRET,
  TARIFF,
} from './long-conversation/bakery.js';
import * as line from './long-conversation/line-faults.js';
import * as model from './long-conversation/model-faults.js';
import { type Beat, type Line, type ReportDocument, transcriptLines, written } from './long-conversation/scene.js';
import * as talking from './long-conversation/talk.js';
import * as tools from './long-conversation/tools.js';
import { billOf } from './support/bill.js';
import { HttpPeer } from './support/http-peer.js';
import { pause, StagedTalk } from './support/staged-talk.js';
import { type VirtualStage } from './support/virtual-stage.js';
import { VirtualTime } from './support/virtual-time.js';

/** What happens in the call, in order. */
const BEATS: readonly (readonly [string, Beat])[] = [
  ['a greeting', talking.greeting],
  ['a question', talking.question],
  ['a tool of the operator', tools.ownTool],
  ['a slow tool', tools.slowTool],
  ['two tools at once', tools.twoTools],
  ['a tool whose result is told later', tools.lateTool],
  ['a broken tool', tools.brokenTool],
  ['a tool of an MCP server', tools.mcpTool],
  ['keys', talking.keys],
  ['a key, and a refused request', model.refusedRequest],
  ['an interruption', talking.interruption],
  ['the model lost while the caller speaks', model.lostWhileCallerSpeaks],
  ['the model lost while the assistant speaks', model.lostWhileAssistantSpeaks],
  ['the model lost while a tool runs', tools.toolWhileModelIsLost],
  ['an error of the model that ends nothing', model.errorWithoutClose],
  ['answers that fail', model.failedAnswers],
  ['an answer that is filtered', model.filteredAnswer],
  ['events of the model in disorder', model.disorder],
  ['a model that says nothing any more', model.stalled],
  ['a model that is refused, and slow', model.refusedThenSlow],
  ['a model that is lost twice', model.lostAgain],
  ['a session at its end, unforeseen', model.expired],
  ['a session at its end, foreseen', talking.longOrder],
  ['a bad line', line.badLine],
  ['a media stream dialled again', line.redialled],
  ['a media stream started anew', line.startedAnew],
  ['a media stream that Telnyx gives up', line.streamingFailed],
  ['a peer that stops reading', line.callerSideStopsReading],
  ['a transfer that nobody answers', line.unansweredTransfer],
  ['a slow tool, and nobody who speaks meanwhile', tools.slowToolWithTones],
  ['a caller who says nothing', talking.idleCaller],
  ['a goodbye', talking.goodbye],
];

/**
 * Nobody waits longer than the wait signal takes to come (the end of speech is noticed after 0.5 s, the signal is due 2 s
 * later); an answer that does not come counts as a wait when it is 2.5 s late.
 */
const LONGEST_SILENCE_MS = 3_500;
const LONGEST_STALL_MS = 6_000;

interface Variant {
  env: Record<string, string>;
  telnyx: Partial<TelnyxSwitches>;
  realtime: Partial<RealtimeSwitches>;
}

const VARIANTS: readonly (readonly [string, Variant])[] = [
  [
    'as it comes',
    // No session is at hand: every resume has to dial.
    { env: { WARM_SESSIONS: '0' }, telnyx: {}, realtime: {} },
  ],
  [
    'with everything the other way round that nobody is sure of',
    {
      // The gateway takes the turns itself, and has sessions at hand.
      env: { WARM_SESSIONS: '2', INTERRUPT_MIN_SPEECH_MS: '300', GREETING_PROTECTED: 'on' },
      telnyx: {
        commandEffectDelayMs: 150,
        webhookOrder: 'in-order',
        streamingEventNames: 'underscores',
        emptyClientState: 'absent',
        answeredHasState: true,
        dtmfWebhook: true,
        callCostWebhook: true,
        firstMediaSequence: 2,
        timestampUnit: 'samples',
        queueOnSocketLoss: 'plays-out',
        secondStream: 'replaces',
        reconnectStreamId: 'new',
      },
      realtime: {
        deltaMs: { min: 5, max: 400 },
        argumentsDeltaDelayMs: 50,
        obfuscation: true,
        unknownEvents: true,
        rateLimitsPosition: 'after-created',
        conversationCreated: true,
        itemShorterByMs: 85,
        rejectTruncateAtZero: true,
        lateDeltasAfterInterrupt: 2,
        transcriptionTiming: 'before',
        transcriptionUsage: 'duration',
        mcpCallHoldsResponse: true,
        errorEventIdNull: true,
        turnWhileActive: 'skip',
      },
    },
  ],
];

describe.each(VARIANTS)('a conversation of ten minutes, with every fault in turn, %s', (_, variant) => {
  const expected: Line[] = [];
  let time: VirtualTime;
  let stage: VirtualStage;
  let shop: HttpPeer;
  let receiver: HttpPeer;
  let talk: StagedTalk;
  let report: ReportDocument;

  beforeAll(async () => {
    time = VirtualTime.begin();
    const { setVirtualStage } = await import('./support/virtual-stage.js');
    shop = await HttpPeer.start(answerTool);
    // The receiver is not well at first.
    receiver = await HttpPeer.start(() => ({ status: receiver.requests.length === 1 ? 503 : 204 }));
    stage = await setVirtualStage({
      env: {
        ...bakeryEnvironment(shop.url, `${receiver.url}/calls`),
        SESSION_RENEW_AFTER_S: '120',
        ...variant.env,
      },
      telnyx: { switches: variant.telnyx },
      realtime: { mcpServers: MCP_SERVERS, switches: variant.realtime },
    });
    await time.during(converse(), 900_000);
  }, 180_000);

  afterAll(async () => {
    time.end();
    await Promise.all([shop.close(), receiver.close()]);
  });

  async function converse(): Promise<void> {
    const { telnyx, realtime } = stage;
    telnyx.faults.webhooks.next('call.initiated', { kind: 'duplicate' });
    telnyx.faults.rest.next('answer', { kind: 'error', status: 503, code: '10007' });
    const call = telnyx.placeCall();
    talk = new StagedTalk(realtime, call);
    talk.plan({ text: GREETING });
    for (const [name, beat] of BEATS) {
      await perform(name, beat);
      // The caller thinks.
      if (call.state !== 'ended') await pause(6_500);
    }
    await receiver.waitFor(2);
    await telnyx.settled();
    const { headers, body } = receiver.requests[1] ?? { headers: {}, body: '' };
    report = new Webhook(REPORT_SECRET).verify(body, headers as Record<string, string>) as ReportDocument;
  }

  async function perform(name: string, beat: Beat): Promise<void> {
    const { telnyx, realtime } = stage;
    try {
      expected.push(...(await beat({ telnyx, realtime, talk, shop })));
      const { unplanned, outstanding } = talk;
      const { pending } = realtime.faults;
      expect({ unplanned, outstanding, pending }).toEqual({ unplanned: [], outstanding: 0, pending: [] });
    } catch (error) {
      const log = stage.lines.slice(-20).map((entry) => JSON.stringify(entry));
      throw new Error([`${name}: ${(error as Error).message}`, ...log].join('\n'), { cause: error });
    }
  }

  it('takes ten minutes and ends with the goodbye', () => {
    expect(report).toMatchObject({
      type: 'call.ended',
      data: { callId: talk.call.callControlId, endReason: 'assistant-hung-up' },
    });
    expect(report.data.durationMs).toBeGreaterThan(600_000);
  });

  it('has all of it in the transcript, in order', () => {
    expect(transcriptLines(report.data)).toEqual(written(expected));
  });

  it('counts one interruption, and a resume for every loss', () => {
    expect(report.data.conversation).toMatchObject({ interruptions: 1, resumes: 8 });
  });

  it('costs what the model says that it used', () => {
    const { costUsd, turns } = report.data.conversation;
    expect(costUsd).toBeCloseTo(billOf(stage.realtime, TARIFF), 5);
    // The greeting belongs to no turn, nor does what is written down.
    expect(turns.reduce((sum, turn) => sum + turn.costUsd, 0)).toBeLessThan(costUsd);
    expect(turns.every((turn) => turn.costUsd > 0)).toBe(true);
  });

  it('leaves the caller in no dead air', () => {
    const silencesMs = talk.silencesMs.toSorted((one, other) => other - one);
    expect(silencesMs[0]).toBeLessThan(LONGEST_STALL_MS);
    expect(silencesMs[1]).toBeLessThan(LONGEST_SILENCE_MS);
  });

  it('breaks no rule of the model on the way', () => {
    expect(stage.realtime.sessions.flatMap(({ violations }) => violations)).toEqual([]);
  });

  it('is no error of the gateway', () => {
    const errors = stage.lines.filter(({ level }) => level >= 50);
    expect(errors.filter(({ code }) => code !== 'http-503' && code !== 'close-1006')).toEqual([]);
  });

  it('leaves nothing behind', async () => {
    expect(stage.calls).toMatchObject({ activeCalls: 0, heldCalls: 0 });
    expect(stage.realtime.sessions.filter(({ open, appendCount }) => open && appendCount > 0)).toEqual([]);
    expect(talk.call.streams.filter(({ isOpen }) => isOpen)).toEqual([]);
    // What a call leaves running ends by itself soon after it.
    await time.during(pause(10_000));
    await time.during(stage.close());
    expect(time.timers).toBe(0);
  });
});
