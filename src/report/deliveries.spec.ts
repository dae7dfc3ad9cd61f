import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { Secret } from '../config/secret.js';
import { Deliveries, type DeliveriesOptions } from './deliveries.js';

const SECRET = `whsec_${Buffer.from('a secret of the tests').toString('base64')}`;

interface Received {
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** A receiver that answers as it is told. */
class Receiver {
  readonly received: Received[] = [];
  open = 0;
  mostOpen = 0;
  private readonly watchers = new Set<() => void>();

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    private readonly answer: (response: ServerResponse, id: string, attempt: number) => void,
  ) {}

  /** @param answer gets the webhook's id and how often it has come, from 1. */
  static async start(answer: (response: ServerResponse, id: string, attempt: number) => void): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server, answer);
    server.on('request', (request, response: ServerResponse) => {
      receiver.mostOpen = Math.max(receiver.mostOpen, ++receiver.open);
      response.on('close', () => receiver.open--);
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('error', () => undefined);
      request.on('end', () => receiver.take({ headers: request.headers, body: Buffer.concat(pieces) }, response));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/calls`;
  }

  of(id: string): Received[] {
    return this.received.filter(({ headers }) => headers['webhook-id'] === id);
  }

  async waitFor(count: number): Promise<void> {
    while (this.received.length < count) await new Promise<void>((resolve) => this.watchers.add(resolve));
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private take(received: Received, response: ServerResponse): void {
    this.received.push(received);
    const id = String(received.headers['webhook-id']);
    this.answer(response, id, this.of(id).length);
    for (const watcher of this.watchers) watcher();
    this.watchers.clear();
  }
}

function status(response: ServerResponse, code: number, headers: Record<string, string> = {}): void {
  response.writeHead(code, headers).end('ok');
}

describe('Deliveries', () => {
  const cleanUp: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const action of cleanUp.splice(0).reverse()) await action();
  });

  async function receiver(answer: (response: ServerResponse, id: string, attempt: number) => void): Promise<Receiver> {
    const started = await Receiver.start(answer);
    cleanUp.push(() => started.close());
    return started;
  }

  /** Deliveries with quick waits; `news` has one line for each thing that became of a parcel. */
  function set(url: string, options: Partial<DeliveriesOptions> = {}) {
    const news: string[] = [];
    let wake: (() => void)[] = [];
    const tell = (line: string): void => {
      news.push(line);
      for (const each of wake.splice(0)) each();
    };
    const secret = new Secret(SECRET);
    const deliveries = new Deliveries(
      { url, secret, timeoutMs: 5_000, giveUpAfterMs: 60_000, firstWaitMs: 5, ...options },
      {
        delivered: ({ id }, attempts) => tell(`${id} delivered ${attempts}`),
        attemptFailed: ({ id }, attempts, problem) => tell(`${id} again ${attempts} ${problem}`),
        failed: ({ id }, attempts, problem) => tell(`${id} failed ${attempts} ${problem}`),
        dropped: ({ id }) => tell(`${id} dropped`),
      },
    );
    cleanUp.push(() => deliveries.close(0));
    const heard = async (wanted: string | RegExp): Promise<void> => {
      const isIt = (line: string): boolean => (typeof wanted === 'string' ? line === wanted : wanted.test(line));
      while (!news.some(isIt)) await new Promise<void>((resolve) => (wake = [...wake, resolve]));
    };
    const add = (...ids: string[]): void => {
      for (const id of ids) deliveries.add({ id, callId: `call ${id}`, body: Buffer.from(`{"id":"${id}"}`) });
    };
    return { deliveries, news, heard, add, secret };
  }

  it('posts the body as it is, signed, once', async () => {
    const there = await receiver((response) => status(response, 204));
    const { deliveries, news, heard, add } = set(there.url);
    add('a');
    expect(deliveries.pending).toBe(1);
    await heard('a delivered 1');
    expect(deliveries.pending).toBe(0);
    expect(news).toHaveLength(1);
    expect(there.received).toHaveLength(1);
    const [{ headers, body }] = there.received as [Received];
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': 'a' });
    expect(new Webhook(SECRET).verify(body, headers as Record<string, string>)).toEqual({ id: 'a' });
  });

  it('tries again after errors, with the same id and body', async () => {
    const codes = [500, 503, 408, 302];
    const there = await receiver((response, _, attempt) => {
      status(response, codes[attempt - 1] ?? 200, { location: '/elsewhere' });
    });
    const { news, heard, add } = set(there.url);
    add('a');
    await heard('a delivered 5');
    expect(news.slice(0, -1)).toEqual(codes.map((code, index) => `a again ${index + 1} status ${code}`));
    expect(new Set(there.received.map(({ body }) => body.toString()))).toEqual(new Set(['{"id":"a"}']));
    expect(there.of('a')).toHaveLength(5);
  });

  it('signs every attempt anew, with its own time and the secret of that time', async () => {
    const there = await receiver((response, _, attempt) => {
      status(response, attempt === 1 ? 503 : 200, { 'retry-after': '1' });
    });
    const { heard, add, secret } = set(there.url);
    add('a');
    await heard('a again 1 status 503');
    const next = `whsec_${Buffer.from('the next secret').toString('base64')}`;
    secret.replace(next);
    await heard('a delivered 2');
    const [first, second] = there.received.map(({ headers }) => headers) as [IncomingHttpHeaders, IncomingHttpHeaders];
    expect(Number(second['webhook-timestamp'])).toBeGreaterThan(Number(first['webhook-timestamp']));
    expect(new Webhook(next).verify('{"id":"a"}', second as Record<string, string>)).toEqual({ id: 'a' });
  });

  it('comes back no sooner than it is asked to', async () => {
    const times: number[] = [];
    const there = await receiver((response, _, attempt) => {
      times.push(performance.now());
      status(response, attempt === 1 ? 429 : 200, { 'retry-after': '1' });
    });
    const { heard, add } = set(there.url);
    add('a');
    await heard('a delivered 2');
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('gives up at once where it is asked to come back too late', async () => {
    const there = await receiver((response) => status(response, 429, { 'retry-after': '3600' }));
    const { heard, add } = set(there.url);
    add('a');
    await heard('a failed 1 status 429');
    expect(there.received).toHaveLength(1);
  });

  it.each([400, 404, 410])('takes %d for an answer', async (code) => {
    const there = await receiver((response) => status(response, code));
    const { deliveries, news, heard, add } = set(there.url);
    add('a');
    await heard(`a failed 1 status ${code}`);
    expect(news).toHaveLength(1);
    expect(there.received).toHaveLength(1);
    expect(deliveries.pending).toBe(0);
  });

  it('follows no redirect, and gives up when its time is over', async () => {
    const elsewhere = await receiver((response) => status(response, 200));
    const there = await receiver((response) => status(response, 307, { location: elsewhere.url }));
    const { heard, add } = set(there.url, { giveUpAfterMs: 150 });
    add('a');
    await there.waitFor(2);
    await heard(/^a failed \d+ status 307$/);
    expect(elsewhere.received).toHaveLength(0);
  });

  it('tries again where nobody listens', async () => {
    const gone = await Receiver.start(() => undefined);
    const { url } = gone;
    await gone.close();
    const { heard, add } = set(url);
    add('a');
    await heard('a again 2 ECONNREFUSED');
  });

  it('tries again when no answer comes in time, and when the connection is cut', async () => {
    const there = await receiver((response, _, attempt) => {
      if (attempt === 1) return;
      if (attempt === 2) response.socket?.destroy();
      else status(response, 200);
    });
    const { news, heard, add } = set(there.url, { timeoutMs: 100 });
    add('a');
    await heard('a delivered 3');
    expect(news.slice(0, 2)).toEqual(['a again 1 ETIMEDOUT', 'a again 2 ECONNRESET']);
  });

  it('takes the status for the answer, whatever becomes of the body behind it', async () => {
    const cut = new Set<string>();
    const there = await receiver((response, id) => {
      response.writeHead(200);
      response.on('close', () => cut.add(id));
      response.on('error', () => undefined);
      if (id === 'hangs') response.write('this has no end');
      else response.write(Buffer.alloc(8 * 1024 * 1024));
    });
    const { heard, add } = set(there.url, { timeoutMs: 300 });
    add('hangs', 'floods');
    await heard('hangs delivered 1');
    await heard('floods delivered 1');
    while (cut.size < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(there.received).toHaveLength(2);
  });

  it('makes a few attempts at a time, and lets none that wait for a retry stand in the way', async () => {
    const bad = Array.from({ length: 10 }, (_, index) => `bad ${index}`);
    const good = Array.from({ length: 30 }, (_, index) => `good ${index}`);
    const there = await receiver((response, id) => status(response, id.startsWith('bad') ? 500 : 200));
    const { deliveries, heard, add } = set(there.url, { atOnce: 3, firstWaitMs: 60_000 });
    add(...bad, ...good);
    for (const id of good) await heard(`${id} delivered 1`);
    expect(there.mostOpen).toBeLessThanOrEqual(3);
    expect(deliveries.pending).toBe(bad.length);
  });

  it('is not held up for long by a receiver that is slow with some', async () => {
    const there = await receiver((response, id) => (id.startsWith('slow') ? undefined : status(response, 200)));
    const { heard, add } = set(there.url, { atOnce: 2, timeoutMs: 100, firstWaitMs: 60_000 });
    add('slow 1', 'slow 2', 'quick');
    await heard('quick delivered 1');
  });

  it('drops the oldest that waits when there are too many, by number or by size', async () => {
    const there = await receiver((response) => status(response, 500));
    const { deliveries, news, heard, add } = set(there.url, { maxPending: 3, firstWaitMs: 60_000 });
    add('a', 'b', 'c');
    for (const id of ['a', 'b', 'c']) await heard(`${id} again 1 status 500`);
    add('d', 'e');
    expect(news.filter((line) => line.endsWith('dropped'))).toEqual(['a dropped', 'b dropped']);
    expect(deliveries.pending).toBe(3);

    const small = set(there.url, { maxPendingBytes: 25, firstWaitMs: 60_000 });
    small.add('f', 'g');
    for (const id of ['f', 'g']) await small.heard(`${id} again 1 status 500`);
    small.add('h');
    expect(small.news.filter((line) => line.endsWith('dropped'))).toEqual(['f dropped']);
    small.deliveries.add({ id: 'huge', callId: 'huge', body: Buffer.alloc(26) });
    expect(small.news.filter((line) => line.endsWith('dropped'))).toEqual([
      'f dropped',
      'g dropped',
      'h dropped',
      'huge dropped',
    ]);
    expect(small.deliveries.pending).toBe(0);
  });

  describe('at the end of the process', () => {
    it('is over at once when nothing is left', async () => {
      const { deliveries } = set('http://127.0.0.1:9/');
      await expect(deliveries.close(60_000)).resolves.toBe(0);
    });

    it('waits for an attempt that is being made', async () => {
      const held: ServerResponse[] = [];
      const there = await receiver((response) => void held.push(response));
      const { deliveries, news, add } = set(there.url);
      add('a');
      await there.waitFor(1);
      const closed = deliveries.close(60_000);
      for (const response of held) status(response, 200);
      await expect(closed).resolves.toBe(0);
      expect(news).toEqual(['a delivered 1']);
    });

    it('tries what waits for a retry once more, without waiting', async () => {
      let ready = false;
      const there = await receiver((response) => status(response, ready ? 200 : 503, { 'retry-after': '50' }));
      const { deliveries, heard, add, news } = set(there.url, { maxWaitMs: 60_000 });
      add('a', 'b');
      await heard('a again 1 status 503');
      await heard('b again 1 status 503');
      ready = true;
      await expect(deliveries.close(60_000)).resolves.toBe(0);
      expect(news.slice(2).sort()).toEqual(['a delivered 2', 'b delivered 2']);
    });

    it('tries again what fails while it waits', async () => {
      const held: ServerResponse[] = [];
      const there = await receiver((response, _, attempt) => {
        if (attempt === 1) held.push(response);
        else status(response, attempt < 4 ? 500 : 200);
      });
      const { deliveries, add, news } = set(there.url);
      add('a');
      await there.waitFor(1);
      const closed = deliveries.close(60_000);
      for (const response of held) status(response, 500);
      await expect(closed).resolves.toBe(0);
      expect(news.at(-1)).toBe('a delivered 4');
    });

    it('waits no longer than it may, leaves nothing running, and says how many were lost', async () => {
      const there = await receiver((response, id) => (id === 'hangs' ? undefined : status(response, 500)));
      const { deliveries, heard, add, news } = set(there.url);
      add('hangs', 'fails');
      await heard('fails again 1 status 500');
      await expect(deliveries.close(100)).resolves.toBe(2);
      expect(deliveries.pending).toBe(0);
      expect(news.filter((line) => line.endsWith('dropped')).sort()).toEqual(['fails dropped', 'hangs dropped']);
      while (there.open > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      add('too late');
      expect(news.at(-1)).toBe('too late dropped');
    });
  });
});
