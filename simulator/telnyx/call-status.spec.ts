import Telnyx from 'telnyx';
import { type SimulatedCall } from './simulated-call.js';
import { type TelnyxSwitches } from './switches.js';
import { TelnyxDouble } from './telnyx-double.js';

const CONNECTION = '2811212257810187875';

interface CursorPage {
  data: { call_control_id: string }[];
  meta: { cursors: { after: string | null }; total_items: number };
}

describe('what Telnyx says of its calls', () => {
  let double: TelnyxDouble;
  let client: Telnyx;

  async function begin(switches: Partial<TelnyxSwitches> = {}): Promise<void> {
    double = await TelnyxDouble.start({ webhookUrl: undefined, switches });
    client = new Telnyx({ apiKey: double.apiKey, baseURL: double.restUrl, timeout: 5000, maxRetries: 0 });
  }

  afterEach(() => double.close());

  async function answeredCalls(count: number): Promise<SimulatedCall[]> {
    const calls = Array.from({ length: count }, () => double.placeCall());
    await Promise.all(
      calls.map((call) => client.calls.actions.answer(call.callControlId, { client_state: 'eyJ2IjoxfQ==' })),
    );
    await Promise.all(calls.map((call) => call.waitFor('answered')));
    return calls;
  }

  it('is alive with its state, then over, then forgotten', async () => {
    await begin();
    const [call] = await answeredCalls(1);
    const id = call?.callControlId ?? '';
    const retrieve = async () => (await client.calls.retrieveStatus(id)).data;
    expect(await retrieve()).toMatchObject({ is_alive: true, client_state: 'eyJ2IjoxfQ==', call_control_id: id });
    call?.hangUp();
    expect(await retrieve()).toMatchObject({ is_alive: false });
    double.switches.endedCallKeptMs = -1;
    await expect(retrieve()).rejects.toMatchObject({ status: 404 });
  });

  it('lists the active calls of a connection, by pages as the SDK reads them', async () => {
    await begin();
    const [first, ...others] = await answeredCalls(5);
    double.placeCall();
    double.placeCall({ connectionId: '1' });
    first?.hangUp();
    const listed: string[] = [];
    for await (const { call_control_id } of client.connections.listActiveCalls(CONNECTION, { 'page[size]': 2 })) {
      listed.push(call_control_id);
    }
    expect(listed).toEqual(others.map(({ callControlId }) => callControlId));
  });

  it('lists them by cursors, where those are what there is', async () => {
    await begin({ activeCallsPaging: 'cursors' });
    const calls = await answeredCalls(5);
    const listed: string[][] = [];
    let after: string | null = null;
    do {
      const query: string = after === null ? '' : `&page[after]=${encodeURIComponent(after)}`;
      const url = `${double.restUrl}/connections/${CONNECTION}/active_calls?page[limit]=2${query}`;
      const response = await fetch(url, { headers: { Authorization: `Bearer ${double.apiKey}` } });
      const { data, meta } = (await response.json()) as CursorPage;
      expect(meta.total_items).toBe(5);
      listed.push(data.map(({ call_control_id }) => call_control_id));
      ({ after } = meta.cursors);
    } while (after !== null);
    expect(listed.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(listed.flat()).toEqual(calls.map(({ callControlId }) => callControlId));
  });
});
