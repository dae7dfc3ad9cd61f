import { greeted, ScriptedTool, settle } from '../../test/support/scripted-conversation.js';
import { type OwnTool } from './tools/tool.port.js';

const UNKNOWN_OUTCOME = expect.stringContaining('outcome unknown') as string;

async function withTools(...tools: OwnTool[]) {
  return greeted({ tools, waitSignal: { kind: 'tone', afterMs: 2_000 } });
}

describe('a tool of the operator’s own', () => {
  it('is run with its arguments, under the ids of the call and of this use of it', async () => {
    const lookup = new ScriptedTool('lookup');
    const { session } = await withTools(lookup);
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'lookup', '{"day":"Friday"}');
    expect(lookup.runs).toMatchObject([{ callId: 'v3:call', toolCallId: 'call-1', argumentsText: '{"day":"Friday"}' }]);
  });

  it.each([
    ['before its response is over', true],
    ['after it', false],
  ])('has its output told and an answer asked for once, when that comes %s', async (_case, early) => {
    const lookup = new ScriptedTool('lookup');
    const { session } = await withTools(lookup);
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'lookup');
    if (!early) session().done('resp');
    expect(session().count('create')).toBe(0);
    await lookup.answers('"at two"');
    expect(session().log).toContain('output call-1: "at two"');
    if (early) session().done('resp');
    expect(session().count('create')).toBe(1);
  });

  it('called together with another one gets one answer for both, after both outputs and the end of the response', async () => {
    const [lookup, weather] = [new ScriptedTool('lookup'), new ScriptedTool('weather')];
    const { session } = await withTools(lookup, weather);
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'lookup');
    session().calls('resp', 'call-2', 'weather');
    await weather.answers('"rain"');
    session().done('resp');
    expect(session().count('create')).toBe(0);
    await lookup.answers('"at two"');
    expect(session().log).toEqual(['output call-2: "rain"', 'output call-1: "at two"', 'create']);
  });

  it('is run once, though it is told twice', async () => {
    const lookup = new ScriptedTool('lookup');
    const { session } = await withTools(lookup);
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'lookup');
    session().calls('resp', 'call-1', 'lookup');
    expect(lookup.runs).toHaveLength(1);
  });

  it('is not run for an answer that was cut off', async () => {
    const lookup = new ScriptedTool('lookup');
    const { session } = await withTools(lookup);
    session().answers('resp', 'answer', 1_000);
    session().tells.speechStarted('turn');
    session().calls('resp', 'call-1', 'lookup');
    expect(lookup.runs).toEqual([]);
  });

  it('whose result comes while the caller speaks is answered with their turn', async () => {
    const lookup = new ScriptedTool('lookup');
    const { session } = await withTools(lookup);
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'lookup');
    session().done('resp');
    session().tells.speechStarted('turn');
    await lookup.answers('"at two"');
    session().tells.speechStopped('turn');
    session().tells.turnCommitted('turn');
    session().answers('resp-2', 'answer', 100);
    session().finishes('resp-2', 'answer');
    expect(session().log).toEqual(['output call-1: "at two"']);
  });

  it('that nobody knows, or that cannot be run, is an output that the model can speak about', async () => {
    const broken: OwnTool = { name: 'broken', result: 'wait', run: () => Promise.reject(new Error('no')) };
    const { session } = await withTools(broken);
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'no such');
    session().calls('resp', 'call-2', 'broken');
    session().done('resp');
    await settle();
    expect(session().log).toEqual([
      'output call-1: {"error":"There is no such tool."}',
      'output call-2: {"error":"The tool could not be run."}',
      'create',
    ]);
  });

  it('is refused when too many are running', async () => {
    const lookup = new ScriptedTool('lookup');
    const { session } = await withTools(lookup);
    session().tells.responseCreated('resp');
    for (let i = 1; i <= 17; i++) session().calls('resp', `call-${i}`, 'lookup');
    expect(lookup.runs).toHaveLength(16);
    expect(session().log).toEqual([expect.stringMatching(/^output call-17: .*Too many/)]);
  });

  it('that the model does not wait for is told as started, and later as something new', async () => {
    const remind = new ScriptedTool('remind', 'later');
    const { session, line } = await withTools(remind);
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'remind');
    session().done('resp');
    expect(session().log).toEqual([expect.stringMatching(/^output call-1: .*started/), 'create']);
    session().answers('resp-2', 'answer', 100);
    session().finishes('resp-2', 'answer');
    line.hears(100);
    await remind.answers('"saved"');
    expect(session().log.slice(2)).toEqual([
      'remember system: The result of the tool \'remind\' that was called earlier has come: "saved"',
      'create',
    ]);
  });

  it('still running when the session is lost is of unknown outcome there, told late and never run again', async () => {
    const lookup = new ScriptedTool('lookup');
    const { session, line } = await withTools(lookup);
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'lookup', '{"day":"Friday"}');
    session().done('resp');
    session().loses();
    await settle();
    expect(session().log.filter((entry) => entry.startsWith('remember tool'))).toEqual([UNKNOWN_OUTCOME]);
    // What it is to say about that is asked for at once.
    expect(session().count('create')).toBe(1);
    session().answers('resp-2', 'answer', 100);
    session().finishes('resp-2', 'answer');
    line.hears(100);
    await lookup.answers('"at two"');
    expect(session().log.at(-2)).toMatch(/^remember system: The result of the tool 'lookup'.*"at two"$/);
    expect(session().count('create')).toBe(2);
    expect(lookup.runs).toHaveLength(1);
  });

  it('whose result comes between two sessions is told with the conversation, as its output', async () => {
    const lookup = new ScriptedTool('lookup');
    const { session, model } = await withTools(lookup);
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'lookup');
    session().done('resp');
    model.failures.push('wait');
    session().loses();
    await lookup.answers('"at two"');
    model.proceed();
    await settle();
    expect(session().log.filter((entry) => entry.includes('at two'))).toEqual(['remember tool: lookup({}) = "at two"']);
    expect(session().count('create')).toBe(1);
  });

  it('is aborted when the call is over, and its result is nobody’s concern', async () => {
    const lookup = new ScriptedTool('lookup');
    const { session, conversation } = await withTools(lookup);
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'lookup');
    const last = session();
    conversation.close();
    expect(lookup.runs[0]?.signal.aborted).toBe(true);
    await lookup.answers('"at two"');
    expect(last.log).toEqual([]);
  });

  it('lets the caller hear something while it takes long, and that is no speech of the assistant’s', async () => {
    const lookup = new ScriptedTool('lookup');
    const { session, line, pass, counters } = await withTools(lookup);
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'lookup');
    session().done('resp');
    await pass(2_500);
    expect(line.played).toContain('wait-tone-1');
    session().tells.speechStarted('turn');
    expect(counters.interruptions).toBe(0);
    expect(session().log).toEqual([]);
  });
});

describe('a tool that runs at the model’s side', () => {
  it.each([
    ['before its response is over', true],
    ['after it', false],
  ])('is done %s: an answer is asked for once', async (_case, early) => {
    const { session } = await greeted();
    session().tells.responseCreated('resp');
    session().tells.remoteToolBegun('mcp-1', 'search');
    session().tells.remoteToolBegun('mcp-2', 'search');
    session().tells.remoteToolDone('mcp-1', 'search', true);
    if (early) session().tells.remoteToolDone('mcp-2', 'search', false);
    session().done('resp');
    expect(session().count('create')).toBe(early ? 1 : 0);
    if (!early) session().tells.remoteToolDone('mcp-2', 'search', false);
    expect(session().count('create')).toBe(1);
  });

  it('begins, once approved, after the response that asked for it: an answer is asked for when it is done', async () => {
    const { session } = await greeted();
    session().tells.responseCreated('resp');
    session().done('resp', 'cancelled');
    session().tells.remoteToolBegun('mcp-1', 'search');
    expect(session().count('create')).toBe(0);
    session().tells.remoteToolDone('mcp-1', 'search', true);
    expect(session().count('create')).toBe(1);
  });

  it('is lost with its session: the next one is asked for an answer', async () => {
    const { session } = await greeted();
    session().tells.responseCreated('resp');
    session().tells.remoteToolBegun('mcp-1', 'search');
    session().done('resp');
    session().loses();
    await settle();
    expect(session().count('create')).toBe(1);
  });
});
