import { RealtimeDouble, type RealtimeSwitches } from '../../../simulator/realtime/index.js';
import { type McpServer } from '../../config/tools-setting.js';
import { type RealtimeSession } from '../realtime-session.js';
import { Notes } from '../testing/notes.js';
import { keptLog, mcpServer, openSession } from '../testing/open-session.js';

const FIND = { name: 'find', description: 'Finds a customer.' };
const ASKED: McpServer['approval'] = { ask: true, approve: ['find'] };

describe('MCP servers', () => {
  let double: RealtimeDouble;
  let session: RealtimeSession;
  let notes: Notes;
  let log: string[];
  let calls: string[];

  beforeEach(async () => {
    calls = [];
    log = [];
    const answer = (name: string, args: Record<string, unknown>): { output: string } => {
      calls.push(`${name} ${JSON.stringify(args)}`);
      return { output: '"Ada"' };
    };
    double = await RealtimeDouble.start({
      switches: { responseDelayMs: 0 },
      mcpServers: { crm: { tools: [FIND], listDelayMs: 0, call: answer } },
      script: {
        replies: [{ items: [{ mcp: 'crm', name: 'find', arguments: { phone: 'secret' } }] }, { text: 'Ada.' }],
      },
    });
  });
  afterEach(async () => {
    session.close();
    await double.close();
  });

  async function start(server: Partial<McpServer> = {}): Promise<void> {
    session = await openSession(double.url, {
      mcp: [mcpServer('crm', { essential: true, ...server })],
      log: keptLog(log),
    });
    notes = new Notes();
    session.listen(notes);
    await session.essentialToolsListed();
  }

  /** What the model was told beside the conversation. */
  function told(): string[] {
    const items = double.sessions[0]?.items ?? [];
    return items.filter(({ role }) => role === 'system').map(({ text }) => text);
  }

  function remote(): string[] {
    return notes.lines.filter((line) => /^(begun|over)/.test(line)).map((line) => line.replace(/item_\w+ /, ''));
  }

  it('are ready when they have listed their tools, without a word to anybody', async () => {
    await start();
    expect(told()).toEqual([]);
    expect(log).toEqual([]);
  });

  it.each([true, false])('run their tools by themselves; both ends are told (response waits: %s)', async (holds) => {
    double.switches.mcpCallHoldsResponse = holds;
    double.mcpServers['crm'] = { ...double.mcpServers['crm']!, callDelayMs: 30 };
    await start();
    session.createResponse();
    await notes.heard(/^over/);
    await notes.heard(/^done completed/);
    expect(remote()).toEqual(['begun find', 'over find true']);
    expect(calls).toEqual(['find {"phone":"secret"}']);
  });

  it('tell when a tool fails', async () => {
    double.mcpServers['crm'] = {
      tools: [FIND],
      listDelayMs: 0,
      call: () => ({ error: { type: 'tool_execution_error', message: 'no such customer' } }),
    };
    await start();
    session.createResponse();
    await notes.heard(/^over/);
    expect(remote()).toEqual(['begun find', 'over find false']);
  });

  const afterApproval: RealtimeSwitches['mcpAfterApproval'][] = ['runs', 'needs-response'];
  it.each(afterApproval.flatMap((after) => [true, false].map((shown) => [after, shown] as const)))(
    'have an approved call made, by a service where it then %s (call shown before: %s)',
    async (after, shown) => {
      double.switches.mcpAfterApproval = after;
      double.switches.mcpApprovalShowsCall = shown;
      await start({ approval: ASKED });
      session.createResponse();
      await notes.heard(/^over/);
      if (after === 'needs-response') {
        expect(calls).toEqual([]);
        session.createResponse();
        await notes.heard(/^over/, 2);
      }
      expect(calls).toEqual(['find {"phone":"secret"}']);
      const once = ['begun find', 'over find true'];
      expect(remote()).toEqual(after === 'runs' ? once : [...once, ...once]);
      expect(double.sessions[0]?.approvals).toMatchObject([{ approve: true }]);
    },
  );

  it.each([true, false])('have a call not made that is not approved (call shown before: %s)', async (shown) => {
    double.switches.mcpApprovalShowsCall = shown;
    await start({ approval: { ask: true, approve: 'none' } });
    session.createResponse();
    await notes.heard(/^done completed/);
    expect(remote()).toEqual(['begun find', 'over find false']);
    await double.sessions[0]?.waitForClientEvent('conversation.item.create');
    expect(double.sessions[0]?.approvals).toMatchObject([{ approve: false }]);
    expect(calls).toEqual([]);
  });

  it('have what is decided logged, and never the arguments', async () => {
    await start({ approval: ASKED });
    session.createResponse();
    await notes.heard(/^over/);
    expect(log).toEqual([
      'info: a call of an MCP tool had to be approved {"server":"crm","tool":"find","approved":true}',
    ]);
  });

  it.each([
    ['cannot be reached', { listFails: true }, 'failed'],
    ['do not answer in their time', { listDelayMs: Infinity }, 'late'],
  ])('are done without when essential ones %s: the model is told, and the log', async (_case, trouble, why) => {
    double.mcpServers['crm'] = { tools: [FIND], ...trouble };
    await start({ listTimeoutMs: 100 });
    session.remember({ role: 'caller', text: 'Hello' });
    expect(log).toEqual([`warn: the tools of an MCP server are not available {"server":"crm","why":"${why}"}`]);
    session.createResponse();
    await notes.heard(/^done/);
    expect(told()).toEqual(['These tools cannot be used at the moment: crm. When they are needed, say so.']);
  });

  it('are used after all when they list their tools late', async () => {
    double.mcpServers['crm'] = { tools: [FIND], listDelayMs: 200 };
    await start({ listTimeoutMs: 20 });
    while (told().length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(told()[1]).toBe('These tools can be used now: crm.');
  });

  it('are not waited for when they are not essential; only the log tells of a failure', async () => {
    double.mcpServers = {};
    await start({ essential: false });
    while (log.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(log).toEqual(['warn: the tools of an MCP server are not available {"server":"crm","why":"failed"}']);
    expect(told()).toEqual([]);
  });

  it('are not waited for in a session that is lost', async () => {
    double.mcpServers['crm'] = { tools: [FIND], listDelayMs: Infinity };
    session = await openSession(double.url, { mcp: [mcpServer('crm', { essential: true })] });
    const listed = expect(session.essentialToolsListed()).rejects.toMatchObject({ kind: 'retryable' });
    double.faults.dropNow();
    await listed;
  });

  it('have nothing approved after the call', async () => {
    await start({ approval: ASKED });
    session.createResponse();
    session.finishListening(false);
    await notes.heard(/^done/);
    expect(double.sessions[0]?.approvals).toEqual([]);
    expect(remote()).toEqual([]);
  });
});
