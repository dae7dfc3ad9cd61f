import fc from 'fast-check';
import { FakeClock } from '../../common/fake-clock.js';
import { type ToolWords } from '../../conversation/observer.port.js';
import { type ServerItem } from '../server-events.js';
import { RemoteTools } from './remote-tools.js';

function setUp(approve = true) {
  const clock = new FakeClock();
  const told: string[] = [];
  const words: ToolWords[] = [];
  const tools = new RemoteTools({
    clock,
    begun: (id, name, known) => {
      told.push(`begun ${id} ${name}`);
      words.push(known);
    },
    done: (id, _name, ok) => told.push(`done ${id} ${ok}`),
    mayCall: (label, name) => label === 'crm' && name === 'find' && approve,
    answerApproval: (requestId, answer) => told.push(`answer ${requestId} ${answer}`),
  });
  return { clock, told, words, tools };
}

function call(id: string, more: Partial<ServerItem> = {}): ServerItem {
  return { type: 'mcp_call', id, server_label: 'crm', name: 'find', ...more };
}
function request(id: string, more: Partial<ServerItem> = {}): ServerItem {
  return { type: 'mcp_approval_request', id, server_label: 'crm', name: 'find', ...more };
}

describe('a call that needs no approval', () => {
  it('is told once from its first sign to its end, however often both are shown', () => {
    const { tools, told } = setUp();
    tools.responseCreated('r');
    tools.call(call('m'), false, 'r');
    tools.call(call('m'), false, undefined);
    tools.progress('m', 'in_progress');
    tools.progress('m', 'completed');
    tools.call(call('m', { output: '[]' }), true, undefined);
    tools.call(call('m', { output: '[]' }), true, 'r');
    tools.responseDone('r', true);
    expect(told).toEqual(['begun m find', 'done m true']);
  });

  it('has its words as they come, the last of them after its end', () => {
    const { tools, words } = setUp();
    tools.responseCreated('r');
    tools.call(call('m'), false, 'r');
    expect(words).toEqual([{ argumentsText: '', output: undefined }]);
    tools.progress('m', 'completed');
    tools.call(call('m', { arguments: '{"day":5}', output: '[]' }), true, 'r');
    tools.call(call('m', { arguments: 'shown again' }), false, 'r');
    expect(words).toEqual([{ argumentsText: '{"day":5}', output: '[]' }]);
  });

  it('may end after its response', () => {
    const { tools, told } = setUp();
    tools.responseCreated('r');
    tools.call(call('m'), false, 'r');
    tools.progress('m', 'in_progress');
    tools.responseDone('r', true);
    expect(told).toEqual(['begun m find']);
    tools.progress('m', 'failed');
    expect(told).toEqual(['begun m find', 'done m false']);
  });

  it.each([
    ['an output', { output: '' }, true],
    ['an error', { output: null, error: { type: 'tool_execution_error' } }, false],
    ['an error of a new kind', { output: 'x', error: 'text' }, false],
  ])('ends with its item, when that has %s', (_case, result, ok) => {
    const { tools, told } = setUp();
    tools.call(call('m'), false, 'r');
    tools.call(call('m', result), true, 'r');
    expect(told.at(-1)).toBe(`done m ${ok}`);
  });

  it('ends with its response, when that was cut off before the call was made', () => {
    const { tools, told } = setUp();
    tools.responseCreated('r');
    tools.call(call('m'), false, 'r');
    tools.call(call('m', { output: null, error: null }), true, 'r');
    expect(told).toEqual(['begun m find']);
    tools.responseDone('r', false);
    expect(told).toEqual(['begun m find', 'done m false']);
  });

  it('goes on when its response is cut off after the call was made', () => {
    const { tools, told } = setUp();
    tools.responseCreated('r');
    tools.call(call('m'), false, 'r');
    tools.progress('m', 'in_progress');
    tools.responseDone('r', false);
    expect(told).toEqual(['begun m find']);
  });

  it('is told by its events alone, without a name, where no item comes before them', () => {
    const { tools, told } = setUp();
    tools.progress('m', 'in_progress');
    tools.progress('m', 'completed');
    tools.progress('n', 'failed');
    expect(told).toEqual(['begun m unknown', 'done m true', 'begun n unknown', 'done n false']);
  });

  it('is not waited for longer than a minute', () => {
    const { clock, tools, told } = setUp();
    tools.call(call('m'), false, 'r');
    tools.progress('m', 'in_progress');
    clock.advance(60_000);
    tools.progress('m', 'completed');
    expect(told).toEqual(['begun m find', 'done m false']);
  });
});

describe('a call that has to be approved', () => {
  it('runs from the approval to the end of the call that follows', () => {
    const { clock, tools, told } = setUp();
    tools.responseCreated('r');
    tools.approvalRequest(request('a'), 'r');
    tools.approvalRequest(request('a'), 'r');
    tools.responseDone('r', true);
    tools.call(call('m', { approval_request_id: 'a' }), false, undefined);
    tools.progress('m', 'in_progress');
    clock.advance(5_000);
    expect(told).toEqual(['begun a find', 'answer a true']);
    tools.progress('m', 'completed');
    tools.call(call('m', { approval_request_id: 'a', output: '[]' }), true, undefined);
    expect(told).toEqual(['begun a find', 'answer a true', 'done a true']);
  });

  it('is over at once when it is not approved', () => {
    const { tools, told } = setUp(false);
    tools.approvalRequest(request('a'), 'r');
    expect(told).toEqual(['begun a find', 'answer a false', 'done a false']);
  });

  it('has a response asked for where the service makes the call only in one, a second after the last response', () => {
    const { clock, tools, told } = setUp();
    tools.responseCreated('r');
    tools.approvalRequest(request('a'), 'r');
    clock.advance(5_000);
    tools.responseDone('r', true);
    clock.advance(999);
    expect(told).not.toContain('done a true');
    clock.advance(1);
    expect(told).toEqual(['begun a find', 'answer a true', 'done a true']);
    tools.responseCreated('s');
    tools.call(call('m', { approval_request_id: 'a' }), false, 's');
    tools.progress('m', 'completed');
    expect(told.slice(3)).toEqual(['begun m find', 'done m true']);
  });

  it('waits for a response that began meanwhile, which may make the call', () => {
    const { clock, tools, told } = setUp();
    tools.approvalRequest(request('a'), undefined);
    clock.advance(500);
    tools.responseCreated('s');
    clock.advance(5_000);
    expect(told).not.toContain('done a true');
    tools.call(call('m', { approval_request_id: 'a', output: '1' }), true, 's');
    tools.responseDone('s', true);
    clock.advance(5_000);
    expect(told).toEqual(['begun a find', 'answer a true', 'done a true']);
  });

  it.each([true, false])('is one call with the item that was shown before it (approved: %s)', (approved) => {
    const { clock, tools, told } = setUp(approved);
    tools.responseCreated('r');
    tools.call(call('m'), false, 'r');
    tools.call(call('other', { name: 'look' }), false, 'r');
    tools.approvalRequest(request('a'), 'r');
    tools.responseDone('r', true);
    if (approved) {
      clock.advance(500);
      tools.progress('m', 'in_progress');
      tools.progress('m', 'completed');
      tools.call(call('m', { approval_request_id: 'a', output: '1' }), true, undefined);
    }
    expect(told).toEqual(['begun m find', 'begun other look', `answer a ${approved}`, `done m ${approved}`]);
  });
});

describe('RemoteTools', () => {
  it('tells nothing and approves nothing any more once it was closed', () => {
    const { clock, tools, told } = setUp();
    tools.call(call('m'), false, 'r');
    tools.close();
    tools.progress('m', 'completed');
    tools.call(call('n'), false, 'r');
    tools.approvalRequest(request('a'), 'r');
    tools.responseDone('r', false);
    clock.advance(120_000);
    expect(told).toEqual(['begun m find']);
  });

  it('tells of every call one beginning and, within a minute, one end, in whatever order events come', () => {
    const id = fc.constantFrom('m', 'n', 'a');
    const response = fc.constantFrom('r', 's');
    const output = fc.constantFrom(undefined, null, '1');
    const error = fc.constantFrom(undefined, null, {});
    type Step = (tools: RemoteTools, clock: FakeClock) => void;
    const step: fc.Arbitrary<Step> = fc.oneof(
      response.map(
        (name): Step =>
          (tools) =>
            tools.responseCreated(name),
      ),
      fc.tuple(response, fc.boolean()).map(
        ([name, ok]): Step =>
          (tools) =>
            tools.responseDone(name, ok),
      ),
      fc
        .tuple(id, fc.boolean(), fc.option(response, { nil: undefined }), fc.constantFrom(null, 'a'), output, error)
        .map(
          ([item, done, name, approval, out, wrong]): Step =>
            (tools) =>
              tools.call(call(item, { approval_request_id: approval, output: out, error: wrong }), done, name),
        ),
      fc.tuple(id, fc.constantFrom('in_progress' as const, 'completed' as const, 'failed' as const)).map(
        ([item, progress]): Step =>
          (tools) =>
            tools.progress(item, progress),
      ),
      id.map(
        (item): Step =>
          (tools) =>
            tools.approvalRequest(request(item), 'r'),
      ),
      fc.nat(2_000).map(
        (ms): Step =>
          (_tools, clock) =>
            clock.advance(ms),
      ),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), (steps, approve) => {
        const { clock, tools, told } = setUp(approve);
        for (const act of steps) act(tools, clock);
        clock.advance(60_000);
        const open = new Set<string>();
        const over = new Set<string>();
        for (const line of told) {
          const [what = '', about = ''] = line.split(' ');
          if (what === 'begun') {
            expect(open.has(about) || over.has(about)).toBe(false);
            open.add(about);
          } else if (what === 'done') {
            expect(open.delete(about)).toBe(true);
            over.add(about);
          }
        }
        expect([...open]).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
