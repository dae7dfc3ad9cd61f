import { PlainClient } from './plain-client.js';
import { RealtimeDouble } from './realtime-double.js';

interface McpItem {
  id: string;
  type: string;
  [field: string]: unknown;
}

const itemOf = (event: Record<string, unknown>) => event['item'] as McpItem;
const ofType = (type: string) => (event: Record<string, unknown>) => itemOf(event).type === type;

const crm = (more: object = {}) => ({
  type: 'mcp',
  server_label: 'crm',
  server_url: 'https://crm.example/mcp',
  require_approval: 'never',
  ...more,
});
const create = { type: 'response.create' };

describe('MCP servers of the Realtime double', () => {
  let double: RealtimeDouble;
  let calls: unknown[];
  beforeEach(async () => {
    calls = [];
    double = await RealtimeDouble.start({
      switches: { responseDelayMs: 0, deliveryRatio: Infinity, rateLimitsDelayMs: 0 },
      mcpServers: {
        crm: {
          tools: [
            { name: 'find', description: 'Finds a customer', annotations: { readOnlyHint: true } },
            { name: 'book', description: 'Books a table', input_schema: { type: 'object', required: ['day'] } },
          ],
          listDelayMs: 0,
          call: (name, args) => {
            calls.push({ name, args });
            return { output: '{"name":"Ada"}' };
          },
        },
      },
      script: {
        choose: ({ lastInput }) => (lastInput.includes('Ada') ? { text: 'She is called Ada.' } : undefined),
        replies: [{ items: [{ mcp: 'crm', name: 'find', arguments: { id: 7 } }] }],
      },
    });
  });
  afterEach(() => double.close());

  const server = () => double.mcpServers['crm'] ?? { tools: [] };

  /** A client whose session has listed the server. */
  async function listed(more: object = {}): Promise<PlainClient> {
    const client = await PlainClient.phone(double.url, { tools: [crm(more)] });
    await client.next('mcp_list_tools.completed');
    await client.next('conversation.item.done', ofType('mcp_list_tools'));
    return client;
  }

  /** Waits until everything sent so far has been dealt with. */
  async function roundTrip(client: PlainClient): Promise<void> {
    client.send({ type: 'conversation.item.retrieve', item_id: 'a round trip' });
    await client.next('error', ({ error }) => JSON.stringify(error).includes('a round trip'));
  }

  const typesAfter = (client: PlainClient, type: string) => client.types.slice(client.types.indexOf(type));

  it('are listed at once, as an item that fills when the listing is complete', async () => {
    const client = await PlainClient.phone(double.url, { tools: [crm({ allowed_tools: ['book'] })] });
    const added = itemOf(await client.next('conversation.item.added'));
    expect(added).toEqual({ id: added.id, type: 'mcp_list_tools', server_label: 'crm', tools: [] });
    const done = itemOf(await client.next('conversation.item.done'));
    expect(done).toEqual({
      ...added,
      tools: [{ name: 'book', description: 'Books a table', input_schema: { type: 'object', required: ['day'] } }],
    });
    expect(typesAfter(client, 'session.updated')).toEqual([
      'session.updated',
      'conversation.item.added',
      'mcp_list_tools.in_progress',
      'mcp_list_tools.completed',
      'conversation.item.done',
    ]);
    client.send({ type: 'conversation.item.retrieve', item_id: added.id });
    expect(itemOf(await client.next('conversation.item.retrieved'))).toEqual(done);
  });

  it('are not listed again by the same tools, only by others, and after they were gone', async () => {
    const client = await listed();
    const listings = () => client.types.filter((type) => type === 'mcp_list_tools.in_progress').length;
    client.update({ tools: [crm({ require_approval: 'always' })], instructions: 'New.' });
    client.update({ instructions: 'Newer.' });
    await roundTrip(client);
    expect(listings()).toBe(1);
    client.update({ tools: [crm({ authorization: 'another token' })] });
    await roundTrip(client);
    expect(listings()).toBe(2);
    client.update({ tools: [] });
    client.update({ tools: [crm()] });
    await roundTrip(client);
    expect(listings()).toBe(3);
  });

  it('fail to be listed on demand, and when nobody knows them', async () => {
    server().listFails = true;
    const client = await PlainClient.phone(double.url, { tools: [crm(), crm({ server_label: 'unknown' })] });
    const failed = [await client.next('mcp_list_tools.failed'), await client.next('mcp_list_tools.failed')];
    expect(new Set(failed.map(({ item_id }) => item_id)).size).toBe(2);
    client.send(create);
    expect(await client.next('response.done')).toMatchObject({
      response: { output: [{ content: [{ transcript: 'I have no tool find of crm.' }] }] },
    });
    expect(client.types).not.toContain('mcp_list_tools.completed');
  });

  it('may never finish their listing', async () => {
    server().listDelayMs = Infinity;
    double.mcpServers['other'] = { tools: [], listDelayMs: 30 };
    const client = await PlainClient.phone(double.url, { tools: [crm(), crm({ server_label: 'other' })] });
    const { item_id } = await client.next('mcp_list_tools.in_progress');
    expect((await client.next('mcp_list_tools.completed'))['item_id']).not.toBe(item_id);
    client.send(create);
    // Without its tools the assistant still speaks.
    expect(await client.next('response.done')).toMatchObject({ response: { output: [{ type: 'message' }] } });
    const ends = ['mcp_list_tools.completed', 'mcp_list_tools.failed'];
    expect(client.types.filter((type) => ends.includes(type))).toHaveLength(1);
  });

  it('can be named for a single response', async () => {
    const client = await PlainClient.phone(double.url);
    client.send({ ...create, response: { tools: [crm()] } });
    await client.next('conversation.item.done', ofType('mcp_list_tools'));
    client.send({ ...create, response: { tools: [crm()] } });
    await client.next('response.mcp_call.completed');
    expect(client.types.filter((type) => type === 'mcp_list_tools.completed')).toHaveLength(1);
  });

  it('are called by the service itself, which then waits to be asked for an answer', async () => {
    const client = await listed();
    client.send(create);
    const added = itemOf(await client.next('response.output_item.added'));
    const { response } = await client.next('response.done');
    expect(typesAfter(client, 'response.created')).toEqual([
      'response.created',
      'response.output_item.added',
      'conversation.item.added',
      'response.mcp_call_arguments.delta',
      'response.mcp_call_arguments.done',
      'response.mcp_call.in_progress',
      'response.mcp_call.completed',
      'conversation.item.done',
      'response.output_item.done',
      'response.done',
    ]);
    expect(added).toEqual({
      id: added.id,
      type: 'mcp_call',
      server_label: 'crm',
      name: 'find',
      arguments: '',
      approval_request_id: null,
      output: null,
      error: null,
    });
    const finished = { ...added, arguments: '{"id":7}', output: '{"name":"Ada"}' };
    expect(itemOf(await client.next('response.output_item.done'))).toEqual(finished);
    expect(response).toMatchObject({ status: 'completed', output: [finished] });
    expect(calls).toEqual([{ name: 'find', args: { id: 7 } }]);
    await roundTrip(client);
    expect(client.types.filter((type) => type === 'response.created')).toHaveLength(1);
    client.send({ ...create, response: { tool_choice: 'none' } });
    expect(await client.next('response.done')).toMatchObject({
      response: { output: [{ content: [{ transcript: 'She is called Ada.' }] }] },
    });
    const session = await double.nextSession();
    expect(session.responseCreates).toEqual([{}, { tool_choice: 'none' }]);
    expect(session.errorsSent).toHaveLength(1);
  });

  it('may take their time, so that the result comes after the response', async () => {
    let finish: (result: { output: string }) => void = () => undefined;
    server().call = () => new Promise((resolve) => (finish = resolve));
    const client = await listed();
    client.send(create);
    expect(await client.next('response.done')).toMatchObject({
      response: { status: 'completed', output: [{ type: 'mcp_call', output: null, error: null }] },
    });
    finish({ output: 'late' });
    await client.next('response.output_item.done');
    expect(typesAfter(client, 'response.done').filter((type) => type !== 'rate_limits.updated')).toEqual([
      'response.done',
      'response.mcp_call.completed',
      'conversation.item.done',
      'response.output_item.done',
    ]);
  });

  it('may hold the response up until the result is there', async () => {
    double.switches.mcpCallHoldsResponse = true;
    server().callDelayMs = 30;
    double.script = {
      replies: [
        {
          items: [
            { mcp: 'crm', name: 'find' },
            { text: 'Done.', durationMs: 20 },
          ],
        },
      ],
    };
    const client = await listed();
    client.send(create);
    await client.next('response.done');
    const place = (type: string) => client.types.indexOf(type);
    expect(place('response.mcp_call.completed')).toBeGreaterThan(place('response.mcp_call.in_progress'));
    expect(place('response.output_audio.delta')).toBeGreaterThan(place('response.mcp_call.completed'));
  });

  it('finish a call although the response that made it was cancelled', async () => {
    double.switches.mcpCallHoldsResponse = true;
    let finish: (result: { output: string }) => void = () => undefined;
    server().call = () => new Promise((resolve) => (finish = resolve));
    const client = await listed();
    client.send(create);
    await client.next('response.mcp_call.in_progress');
    client.send({ type: 'response.cancel' });
    expect(await client.next('response.done')).toMatchObject({ response: { status: 'cancelled' } });
    finish({ output: 'late' });
    await client.next('response.mcp_call.completed');
    expect(client.types.filter((type) => type === 'response.output_item.done')).toHaveLength(1);
  });

  it.each([
    [{ type: 'protocol_error', message: 'Unknown tool' }, -32603],
    [{ type: 'http_error', message: 'Bad gateway' }, 502],
    [{ type: 'tool_execution_error', message: 'No such customer' }, undefined],
  ] as const)('report that a call failed: %j', async (error, code) => {
    server().call = () => ({ error });
    const client = await listed();
    client.send(create);
    await client.next('response.mcp_call.failed');
    expect(itemOf(await client.next('conversation.item.done', ofType('mcp_call')))).toMatchObject({
      output: null,
      error: { ...error, ...(code === undefined ? {} : { code }) },
    });
  });

  describe('that ask first', () => {
    const answer = (client: PlainClient, requestId: string, approve: boolean, more: object = {}) =>
      client.send({
        type: 'conversation.item.create',
        item: { type: 'mcp_approval_response', approval_request_id: requestId, approve, ...more },
      });

    async function asked(): Promise<{ client: PlainClient; request: McpItem }> {
      const client = await listed({ require_approval: 'always' });
      client.send(create);
      const request = itemOf(await client.next('conversation.item.done', ofType('mcp_approval_request')));
      expect(await client.next('response.done')).toMatchObject({ response: { status: 'completed' } });
      return { client, request };
    }

    it('run what was approved, outside of any response', async () => {
      const { client, request } = await asked();
      expect(request).toEqual({
        id: request.id,
        type: 'mcp_approval_request',
        server_label: 'crm',
        name: 'find',
        arguments: '{"id":7}',
      });
      expect(calls).toEqual([]);
      answer(client, request.id, true);
      await client.next('response.mcp_call.completed');
      const done = itemOf(await client.next('conversation.item.done', ofType('mcp_call')));
      expect(done).toMatchObject({ approval_request_id: request.id, output: '{"name":"Ada"}' });
      expect(calls).toEqual([{ name: 'find', args: { id: 7 } }]);
      await roundTrip(client);
      expect(client.types.filter((type) => type === 'response.created')).toHaveLength(1);
    });

    it('run it as the item that was shown, where the call was shown', async () => {
      double.switches.mcpApprovalShowsCall = true;
      const { client, request } = await asked();
      const { item_id, response_id } = await client.next('response.mcp_call_arguments.done');
      answer(client, request.id, true);
      expect(await client.next('response.mcp_call.completed')).toMatchObject({ item_id, output_index: 0 });
      expect(await client.next('response.output_item.done', ofType('mcp_call'))).toMatchObject({
        response_id,
        item: { id: item_id, approval_request_id: request.id, output: '{"name":"Ada"}' },
      });
    });

    it('run it in the next response, and nothing else in that, where they need one', async () => {
      double.switches.mcpAfterApproval = 'needs-response';
      const { client, request } = await asked();
      answer(client, request.id, true);
      await roundTrip(client);
      expect(calls).toEqual([]);
      client.send(create);
      expect(await client.next('response.done')).toMatchObject({
        response: { output: [{ type: 'mcp_call', approval_request_id: request.id, output: '{"name":"Ada"}' }] },
      });
      client.send(create);
      expect(await client.next('response.done')).toMatchObject({
        response: { output: [{ content: [{ transcript: 'She is called Ada.' }] }] },
      });
    });

    it('run nothing that was denied', async () => {
      const { client, request } = await asked();
      answer(client, request.id, false, { reason: 'Not on the phone.' });
      expect(itemOf(await client.next('conversation.item.done', ofType('mcp_approval_response')))).toMatchObject({
        approval_request_id: request.id,
        approve: false,
        reason: 'Not on the phone.',
      });
      await roundTrip(client);
      expect(calls).toEqual([]);
      const session = await double.nextSession();
      expect(session.approvals).toEqual([{ requestId: request.id, approve: false, reason: 'Not on the phone.' }]);
    });

    it('take one answer to a request that there is', async () => {
      const { client, request } = await asked();
      answer(client, 'item_other', true);
      expect(await client.next('error')).toMatchObject({ error: { param: 'item.approval_request_id' } });
      answer(client, request.id, false);
      answer(client, request.id, true);
      expect(await client.next('error')).toMatchObject({
        error: { message: expect.stringContaining('already answered') as string },
      });
      expect(calls).toEqual([]);
    });

    it('ask only about the tools that need it', async () => {
      const client = await listed({ require_approval: { never: { read_only: true } } });
      double.script = {
        replies: [
          {
            items: [
              { mcp: 'crm', name: 'find' },
              { mcp: 'crm', name: 'book', arguments: { day: 'Friday' } },
            ],
          },
        ],
      };
      client.send(create);
      expect(await client.next('response.done')).toMatchObject({
        response: {
          output: [
            { type: 'mcp_call', name: 'find' },
            { type: 'mcp_approval_request', name: 'book' },
          ],
        },
      });
    });
  });
});
