import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';

/** The tool by which the assistant of the demo books. */
export const BOOKING_TOOL = 'book_table';

const booking = z.strictObject({
  day: z.enum(['Thursday', 'Friday']),
  time: z.string().regex(/^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/),
  people: z.int().min(1).max(12),
  phoneDigits: z.string().regex(/^[0-9]{4}$/),
});

export type Booking = z.infer<typeof booking>;

/** One request of the gateway, as it came in. */
export interface BookingRequest {
  /** Epoch milliseconds. */
  at: number;
  idempotencyKey: string | undefined;
  /** What was to be booked; undefined when the request was none that can be booked. */
  booking: Booking | undefined;
  /** HTTP status and answer, once it is given. */
  answer?: { at: number; status: number; body: Readonly<Record<string, unknown>> };
}

/** What a reservation system on the same continent takes. */
const WORK_MS = 150;
/** A booking has some hundred bytes. */
const BODY_LIMIT_BYTES = 10_000;

/** The reservation system of the restaurant in the demo: somebody's own HTTP service that the gateway calls as a tool. */
export class Restaurant {
  private readonly taken: BookingRequest[] = [];
  private readonly secret = randomUUID();

  private constructor(
    private readonly server: Server,
    private readonly workMs: number,
  ) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.take(request, response).catch(() => response.destroy());
    });
  }

  /** Listens on a free port of 127.0.0.1. @param workMs what a booking takes */
  static async start(workMs = WORK_MS): Promise<Restaurant> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    // What is wrong with one connection is no reason to end the demo.
    server.on('error', () => undefined);
    server.on('clientError', (_error, socket) => socket.destroy());
    return new Restaurant(server, workMs);
  }

  /** Oldest first. */
  get requests(): readonly BookingRequest[] {
    return this.taken;
  }

  /** What the gateway has to be told so that its assistant can book here. */
  get gatewaySettings(): Record<'TOOLS' | 'TOOL_SECRET_RESTAURANT', string> {
    const { port } = this.server.address() as AddressInfo;
    const tool = {
      name: BOOKING_TOOL,
      description:
        'Books a table. Ask the caller to key in the last four digits of their phone number before you call this.',
      // The schema's dialect is the one that is taken anyway.
      parameters: z.toJSONSchema(booking),
      url: `http://127.0.0.1:${port}/bookings`,
      headers: { Authorization: 'Bearer ${TOOL_SECRET_RESTAURANT}' },
      timeoutMs: 5000,
    };
    return { TOOLS: JSON.stringify({ http: [tool] }), TOOL_SECRET_RESTAURANT: this.secret };
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { authorization, 'idempotency-key': idempotencyKey } = request.headers;
    const text = await bodyOf(request);
    const wanted = booking.safeParse(jsonOf(text));
    const record: BookingRequest = {
      at: Date.now(),
      idempotencyKey: typeof idempotencyKey === 'string' ? idempotencyKey : undefined,
      booking: wanted.data,
    };
    this.taken.push(record);
    const answer = (status: number, body: Readonly<Record<string, unknown>>): void => {
      record.answer = { at: Date.now(), status, body };
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.method !== 'POST' || request.url !== '/bookings')
      return answer(404, { error: 'There is nothing here.' });
    if (authorization !== `Bearer ${this.secret}`) return answer(401, { error: 'The key is wrong.' });
    if (!wanted.success || record.idempotencyKey === undefined) return answer(422, { error: 'That is no booking.' });
    await setTimeout(this.workMs);
    const { day, time, people } = wanted.data;
    answer(200, { status: 'booked', day, time, people, table: 'by the fireplace' });
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_LIMIT_BYTES) throw new Error('the body is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
