import { Webhook } from 'standardwebhooks';
import {
  answerTool,
  bakeryEnvironment,
  GREETING,
  MCP_SERVERS,
  REPORT_SECRET,
  TARIFF,
} from './long-conversation/bakery.js';
import { redialled } from './long-conversation/line-faults.js';
import { failedAnswers, lostWhileAssistantSpeaks } from './long-conversation/model-faults.js';
import { type Beat, type Line, type ReportDocument, transcriptLines, written } from './long-conversation/scene.js';
import { goodbye, greeting, interruption, keys } from './long-conversation/talk.js';
import { mcpTool, slowTool } from './long-conversation/tools.js';
import { billOf } from './support/bill.js';
import { setStage, type Stage } from './support/gateway.js';
import { HttpPeer } from './support/http-peer.js';
import { pause, StagedTalk } from './support/staged-talk.js';

/** A handful of what the long conversation goes through: about a minute and a half of it. */
const BEATS: readonly (readonly [string, Beat])[] = [
  ['a greeting', greeting],
  ['a slow tool', slowTool],
  ['a tool of an MCP server', mcpTool],
  ['keys', keys],
  ['an interruption', interruption],
  ['the model lost while the assistant speaks', lostWhileAssistantSpeaks],
  ['answers that fail', failedAnswers],
  ['a media stream dialled again', redialled],
  ['a goodbye', goodbye],
];

describe('a conversation with the built process, in real time', () => {
  const expected: Line[] = [];
  let stage: Stage;
  let shop: HttpPeer;
  let receiver: HttpPeer;
  let talk: StagedTalk;
  let report: ReportDocument;

  beforeAll(async () => {
    shop = await HttpPeer.start(answerTool);
    receiver = await HttpPeer.start(() => ({ status: 204 }));
    stage = await setStage({
      env: bakeryEnvironment(shop.url, `${receiver.url}/calls`),
      realtime: { mcpServers: MCP_SERVERS },
    });
    const { telnyx, realtime } = stage;
    const call = telnyx.placeCall();
    talk = new StagedTalk(realtime, call);
    talk.plan({ text: GREETING });
    for (const [name, beat] of BEATS) {
      try {
        expected.push(...(await beat({ telnyx, realtime, talk, shop })));
      } catch (error) {
        const log = stage.gateway.output.slice(-4_000);
        throw new Error(`${name}: ${(error as Error).message}\n${log}`, { cause: error });
      }
      if (call.state !== 'ended') await pause(1_000);
    }
    await receiver.waitFor(1);
    const { headers, body } = receiver.requests[0] ?? { headers: {}, body: '' };
    report = new Webhook(REPORT_SECRET).verify(body, headers as Record<string, string>) as ReportDocument;
  }, 240_000);

  afterAll(() => Promise.all([stage.close(), shop.close(), receiver.close()]));

  it('goes as planned, and has all of it in the transcript', () => {
    expect({ unplanned: talk.unplanned, outstanding: talk.outstanding }).toEqual({ unplanned: [], outstanding: 0 });
    expect(stage.realtime.faults.pending).toEqual([]);
    expect(report.data).toMatchObject({
      callId: talk.call.callControlId,
      endReason: 'assistant-hung-up',
      conversation: { interruptions: 1, resumes: 1 },
    });
    expect(transcriptLines(report.data)).toEqual(written(expected));
  });

  it('costs what the model says that it used', () => {
    expect(report.data.conversation.costUsd).toBeCloseTo(billOf(stage.realtime, TARIFF), 5);
  });

  it('leaves nothing behind in a process that is well', async () => {
    const { gateway, realtime } = stage;
    await gateway.waitForStatus(({ activeCalls, heldCalls }) => activeCalls === 0 && heldCalls === 0);
    expect(gateway.lines.filter(({ level }) => level >= 50)).toEqual([]);
    expect(realtime.sessions.flatMap(({ violations }) => violations)).toEqual([]);
    expect(gateway.alive).toBe(true);
    // No key that was pressed, and no word that was said, is in the log.
    expect(gateway.output).not.toMatch(/1122|Main Street|rye|white bread/);
  });
});
