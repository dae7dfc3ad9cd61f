import { type McpServers } from '../../simulator/realtime/index.js';
import { type Tariff } from '../support/bill.js';
import { type PeerAnswer, type PeerRequest } from '../support/http-peer.js';

/** The business whose assistant answers. */
export const GREETING = 'Good morning, this is the assistant of the bakery. What can I do for you?';
export const WAIT = 'One moment, please.';
export const REPORT_SECRET = 'whsec_YSBzZWNyZXQgb2YgdGhlIHRlc3Rz';

/** Unlike any list price, and unlike each other. */
export const TARIFF: Tariff = {
  textIn: 3,
  textInCached: 0.7,
  audioIn: 31,
  audioInCached: 0.9,
  textOut: 17,
  audioOut: 67,
  perMinute: 0.013,
};

/** The bakery's own server, as its tools find it. */
export function answerTool({ path }: PeerRequest): PeerAnswer {
  if (path === '/orders/7') return { body: '{"order":7,"state":"baked"}' };
  if (path === '/oven') return { body: '{"minutesLeft":12}', afterMs: 6_000 };
  if (path === '/branch') return { body: '{"loaves":3}', afterMs: 9_000 };
  return { status: 500, body: 'a stack trace' };
}

export const MCP_SERVERS: McpServers = {
  customers: {
    tools: [{ name: 'find_customer' }],
    call: () => ({ output: 'Main Street' }),
    callDelayMs: 400,
  },
};

/** @param shopUrl where its tools are. @param reportUrl where its reports go. */
export function bakeryEnvironment(shopUrl: string, reportUrl: string): Record<string, string> {
  const { perMinute, ...model } = TARIFF;
  return {
    GREETING,
    SENTENCE_WAIT: WAIT,
    TRANSFER_TARGETS: 'the boss=+15550100009',
    TOOLS: JSON.stringify(tools(shopUrl)),
    PRICES: JSON.stringify({
      models: { 'gpt-realtime-2.1': model },
      transcription: { 'gpt-transcribe': { perMinute } },
    }),
    REPORT_URL: reportUrl,
    REPORT_SECRET,
  };
}

function tools(url: string): object {
  const byOrder = { type: 'object', properties: { order: { type: 'integer' } }, required: ['order'] };
  return {
    http: [
      {
        name: 'find_order',
        description: 'Finds an order.',
        method: 'GET',
        url: `${url}/orders/{order}`,
        parameters: byOrder,
      },
      { name: 'look_into_oven', description: 'Says when it is baked.', url: `${url}/oven`, timeoutMs: 20_000 },
      { name: 'ask_branch', description: 'Asks the branch.', url: `${url}/branch`, timeoutMs: 60_000, result: 'later' },
      { name: 'book_table', description: 'Books a table.', url: `${url}/tables` },
    ],
    mcp: [{ label: 'customers', url: 'https://crm.example.com/mcp', essential: true, approval: 'never' }],
  };
}
