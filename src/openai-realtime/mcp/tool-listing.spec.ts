import { FakeClock } from '../../common/fake-clock.js';
import { type ServerItem } from '../server-events.js';
import { mcpServer } from '../testing/open-session.js';
import { ToolListing } from './tool-listing.js';

function setUp() {
  const clock = new FakeClock();
  const told: string[] = [];
  const servers = [
    mcpServer('crm', { essential: true, listTimeoutMs: 2_000 }),
    mcpServer('desk', { essential: true, listTimeoutMs: 5_000 }),
    mcpServer('weather'),
  ];
  const listing = new ToolListing(servers, {
    clock,
    retrieve: (itemId) => told.push(`retrieve ${itemId}`),
    missing: (label, why) => told.push(`${label} ${why}`),
    found: (label) => told.push(`${label} found`),
  });
  listing.begin();
  let missing: string[] | undefined;
  void listing.essentialsMissing().then((labels) => (missing = labels));
  const settled = async (): Promise<string[] | undefined> => {
    await new Promise((resolve) => setImmediate(resolve));
    return missing;
  };
  return { clock, told, listing, settled };
}

function item(id: string, label: string, tools: unknown[] = [], error?: unknown): ServerItem {
  return { type: 'mcp_list_tools', id, server_label: label, tools, ...(error === undefined ? {} : { error }) };
}

describe('ToolListing', () => {
  it('is settled when every essential server has listed its tools, whatever the others do', async () => {
    const { listing, settled, told } = setUp();
    for (const [id, label] of [['a', 'crm'] as const, ['b', 'desk'] as const]) {
      await expect(settled()).resolves.toBeUndefined();
      listing.item(item(id, label), false);
      listing.progress(id, 'in_progress');
      listing.progress(id, 'completed');
      listing.item(item(id, label, [{ name: 'find' }]), true);
    }
    await expect(settled()).resolves.toEqual([]);
    expect(told).toEqual([]);
  });

  it('is settled by the items alone, where no event tells of the end', async () => {
    const { listing, settled } = setUp();
    listing.item(item('a', 'crm', [{ name: 'find' }]), true);
    listing.item(item('b', 'desk'), true);
    await expect(settled()).resolves.toBeUndefined();
    listing.progress('b', 'completed');
    await expect(settled()).resolves.toEqual([]);
  });

  it('is settled with what is missing, after a failure or when time is up', async () => {
    const { clock, listing, settled, told } = setUp();
    listing.item(item('b', 'desk'), false);
    listing.progress('b', 'failed');
    clock.advance(1_999);
    await expect(settled()).resolves.toBeUndefined();
    clock.advance(1);
    await expect(settled()).resolves.toEqual(['crm', 'desk']);
    expect(told).toEqual(['desk failed', 'crm late']);
  });

  it('reports the failure of a server that is not essential, and never that it is slow', () => {
    const { clock, listing, told } = setUp();
    listing.item(item('a', 'crm', [{ name: 'find' }]), true);
    listing.item(item('b', 'desk', [{ name: 'find' }]), true);
    clock.advance(600_000);
    expect(told).toEqual([]);
    listing.item(item('c', 'weather', [], { type: 'http_error', code: 502 }), true);
    listing.progress('c', 'failed');
    expect(told).toEqual(['weather failed']);
  });

  it('has an item shown that it does not know, once, and takes what was told of it meanwhile', async () => {
    const { listing, settled, told } = setUp();
    listing.item(item('b', 'desk', [{ name: 'find' }]), true);
    listing.progress('a', 'in_progress');
    listing.progress('a', 'completed');
    expect(told).toEqual(['retrieve a']);
    await expect(settled()).resolves.toBeUndefined();
    listing.item(item('a', 'crm'), false);
    await expect(settled()).resolves.toEqual([]);
  });

  it('tells when a server that was missing is there after all', () => {
    const { clock, listing, told } = setUp();
    clock.advance(2_000);
    listing.item(item('a', 'crm', [{ name: 'find' }]), true);
    expect(told).toEqual(['crm late', 'crm found']);
    listing.item(item('a', 'crm', [{ name: 'find' }]), true);
    expect(told).toHaveLength(2);
  });

  it('waits for nobody where no server is essential, or the session is over', async () => {
    const { clock, listing, settled, told } = setUp();
    listing.close();
    await expect(settled()).resolves.toEqual(['crm', 'desk']);
    clock.advance(60_000);
    expect(told).toEqual([]);
    const around = { clock, retrieve: () => undefined, missing: () => undefined, found: () => undefined };
    await expect(new ToolListing([mcpServer('weather')], around).essentialsMissing()).resolves.toEqual([]);
  });
});
