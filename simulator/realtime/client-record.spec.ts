import { approvalsIn, functionOutputsIn, responseCreatesIn } from './client-record.js';

describe('the record of what a client did', () => {
  it('picks function outputs, approvals and requests for responses out of the events', () => {
    const create = (item: unknown) => ({ type: 'conversation.item.create', item });
    const events = [
      create({ type: 'function_call_output', call_id: 'call_1', output: '{}' }),
      { type: 'response.create' },
      create({ type: 'mcp_approval_response', approval_request_id: 'item_1', approve: true }),
      create({ type: 'mcp_approval_response', approval_request_id: 'item_2', approve: false, reason: 'Not allowed.' }),
      { type: 'response.create', response: { tool_choice: 'none' } },
      create(undefined),
      create({ type: 'function_call_output', output: 5 }),
    ];
    expect(functionOutputsIn(events)).toEqual([
      { callId: 'call_1', output: '{}' },
      { callId: '', output: '' },
    ]);
    expect(approvalsIn(events)).toEqual([
      { requestId: 'item_1', approve: true },
      { requestId: 'item_2', approve: false, reason: 'Not allowed.' },
    ]);
    expect(responseCreatesIn(events)).toEqual([{}, { tool_choice: 'none' }]);
  });
});
