import { bookingFor } from './cast.js';
import { Restaurant } from './restaurant.js';

interface ToolsFile {
  http: [{ url: string; parameters: { required: string[] }; headers: Record<string, string> }];
}

describe('the restaurant of the demo', () => {
  let restaurant: Restaurant;
  let tool: ToolsFile['http'][0];
  let secret: string;

  beforeEach(async () => {
    restaurant = await Restaurant.start();
    const { TOOLS, TOOL_SECRET_RESTAURANT } = restaurant.gatewaySettings;
    [tool] = (JSON.parse(TOOLS) as ToolsFile).http;
    secret = TOOL_SECRET_RESTAURANT;
  });

  afterEach(() => restaurant.close());

  async function send(body: string, headers: Record<string, string> = {}, url = tool.url): Promise<Response> {
    const authorization = `Bearer ${secret}`;
    return fetch(url, { method: 'POST', body, headers: { authorization, 'idempotency-key': 'wish-1', ...headers } });
  }

  const booking = bookingFor('4711');

  it('books, and tells where the table is', async () => {
    const response = await send(JSON.stringify(booking));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      ...{ status: 'booked', day: 'Friday', time: '19:00', people: 4, table: 'by the fireplace' },
    });
    expect(restaurant.requests).toMatchObject([{ idempotencyKey: 'wish-1', booking, answer: { status: 200 } }]);
  });

  it('tells the gateway its address, its arguments and where its secret goes, but not the secret', () => {
    expect(tool.parameters.required).toEqual(['day', 'time', 'people', 'phoneDigits']);
    expect(tool.headers).toEqual({ Authorization: 'Bearer ${TOOL_SECRET_RESTAURANT}' });
    expect(restaurant.gatewaySettings.TOOLS).not.toContain(secret);
  });

  it.each([
    ['a wrong secret', 401, JSON.stringify(booking), { authorization: 'Bearer x' }],
    ['a booking for a crowd', 422, JSON.stringify({ ...booking, people: 40 }), {}],
    ['something else than a booking', 422, 'hello', {}],
  ])('refuses %s', async (_what, status, body, headers) => {
    const response = await send(body, headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toHaveProperty('error');
  });

  it('refuses what is sent to another place', async () => {
    expect((await send(JSON.stringify(booking), {}, `${tool.url}/1`)).status).toBe(404);
  });

  it('hangs up on a body without end, and goes on', async () => {
    await expect(send('x'.repeat(1_000_000))).rejects.toThrow('fetch failed');
    expect((await send(JSON.stringify(booking))).status).toBe(200);
  });
});
