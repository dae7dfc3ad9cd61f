import { once } from 'node:events';
import { type IncomingMessage } from 'node:http';
import { type AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { mediaFrame as telnyxMediaFrame, parseAppFrame } from '../../simulator/telnyx/frames.js';
import { MediaConnection } from './media-connection.js';
import { type TelnyxFrame } from './telnyx-frames.js';

const media = (chunk: number, text: string, track: 'inbound' | 'outbound' = 'inbound'): string =>
  telnyxMediaFrame(chunk, 'stream', track, chunk, 0, Buffer.from(text).toString('base64'));

describe('MediaConnection', () => {
  let server: WebSocketServer;
  let telnyx: WebSocket;
  let socket: WebSocket;
  let connection: MediaConnection;
  let frames: TelnyxFrame[];
  let overloads: number[];
  let failures: unknown[];
  let heard: string[];
  const sink = {
    audio: (base64: Buffer) => void heard.push(Buffer.from(base64.toString('latin1'), 'base64').toString()),
    silence: (bytes: number) => void heard.push(`${bytes} bytes of silence`),
  };

  beforeEach(async () => {
    [frames, overloads, failures, heard] = [[], [], [], []];
    server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[WebSocket, IncomingMessage]>;
    telnyx = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const [[ours, request]] = await Promise.all([accepted, once(telnyx, 'open')]);
    socket = ours;
    socket.on('error', () => undefined);
    telnyx.on('error', () => undefined);
    connection = new MediaConnection(socket, request.socket, {
      frame: (frame) => void frames.push(frame),
      overloaded: (bufferedBytes) => void overloads.push(bufferedBytes),
      failed: (error) => void failures.push(error),
    });
  });

  afterEach(async () => {
    telnyx.terminate();
    socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Resolves when everything sent before has been handled: frames are handled in order. */
  async function handled(): Promise<void> {
    const pong = once(telnyx, 'pong');
    telnyx.ping();
    await pong;
  }

  it('takes audio the short way, in order, and only that of the caller', async () => {
    connection.deliverTo(sink);
    for (const text of [media(1, 'one'), media(3, 'three'), media(2, 'ours', 'outbound'), media(2, 'two')])
      telnyx.send(text);
    // The same frame in a form that only the parser reads.
    telnyx.send(JSON.stringify(JSON.parse(media(4, 'four')), undefined, 1));
    telnyx.send(JSON.stringify(JSON.parse(media(5, 'ours', 'outbound')), undefined, 1));
    await handled();
    expect(heard).toEqual(['one', 'two', 'three', 'four']);
    expect(frames).toEqual([]);
    expect(connection.counts).toEqual({ frames: 4, reordered: 1, late: 0, gaps: 0, paddedBytes: 0 });
  });

  it('takes a frame that comes in pieces, or many in one', async () => {
    connection.deliverTo(sink);
    const text = media(1, 'in pieces');
    telnyx.send(text.slice(0, 40), { fin: false });
    telnyx.send(text.slice(40), { fin: true });
    for (let chunk = 2; chunk < 50; chunk++) telnyx.send(media(chunk, String(chunk)));
    await handled();
    expect(heard).toEqual(['in pieces', ...Array.from({ length: 48 }, (_, index) => String(index + 2))]);
  });

  it('throws audio away until it is told where it goes, and counts its place from there', async () => {
    telnyx.send(media(1, 'too early'));
    await handled();
    connection.deliverTo(sink);
    telnyx.send(media(7, 'now'));
    await handled();
    expect(heard).toEqual(['now']);
  });

  it('gives everything else to the listener, the broken too, and goes on', async () => {
    connection.deliverTo(sink);
    telnyx.send('{"event":"connected","version":"1.0.0"}');
    telnyx.send('{"event":"media","media":{"payload":"!!!!"}}');
    telnyx.send('{"event":');
    telnyx.send(Buffer.from(media(1, 'binary')), { binary: true });
    telnyx.send('{"event":"mark","mark":{"name":"1:160"}}');
    telnyx.send('');
    telnyx.send(media(1, 'still here'));
    await handled();
    expect(frames.map(({ kind }) => kind)).toEqual(['connected', 'invalid', 'invalid', 'invalid', 'mark', 'invalid']);
    expect(heard).toEqual(['still here']);
  });

  it('reports a mistake in the handling of a frame and stays usable', async () => {
    connection.deliverTo({
      audio: () => {
        throw new Error('a mistake of ours');
      },
      silence: () => undefined,
    });
    telnyx.send(media(1, 'one'));
    await handled();
    expect(failures).toEqual([new Error('a mistake of ours')]);
    connection.deliverTo(sink);
    telnyx.send(media(2, 'two'));
    await handled();
    expect(heard).toEqual(['two']);
  });

  it('pads by the clock through the same order', async () => {
    connection.deliverTo(sink);
    telnyx.send(media(1, 'one'));
    telnyx.send(media(3, 'six'));
    await handled();
    connection.padByClock(80);
    expect(heard).toEqual(['one', '3 bytes of silence', 'six', '80 bytes of silence']);
  });

  it('sends audio, marks and clear as text that Telnyx takes, in the order given', async () => {
    const received: [ReturnType<typeof parseAppFrame>, boolean][] = [];
    telnyx.on('message', (data: Buffer, isBinary: boolean) => {
      received.push([parseAppFrame(data.toString(), true), isBinary]);
    });
    connection.media(Buffer.alloc(160, 3));
    connection.media(Buffer.alloc(320, 4));
    connection.mark('1:480');
    connection.clear();
    await handled();
    expect(received).toEqual([
      [{ kind: 'media', bytes: Buffer.alloc(160, 3) }, false],
      [{ kind: 'media', bytes: Buffer.alloc(320, 4) }, false],
      [{ kind: 'mark', name: '1:480' }, false],
      [{ kind: 'clear' }, false],
    ]);
  });

  it('sends nothing, and throws nothing, once the socket is closing or gone', async () => {
    const closed = once(telnyx, 'close');
    connection.close(1000, 'done');
    connection.media(Buffer.alloc(160));
    connection.mark('1:160');
    connection.clear();
    expect(await closed).toEqual([1000, Buffer.from('done')]);
    connection.media(Buffer.alloc(160));
    connection.clear();
    connection.terminate();
    expect(connection.bufferedBytes).toBe(0);
  });

  it('reports once that its peer does not read, when more waits than a call may hold', async () => {
    telnyx.pause();
    // The kernel takes some megabytes before anything waits here.
    for (let i = 0; i < 1_000 && overloads.length === 0; i++) {
      connection.media(Buffer.alloc(48_000));
      await new Promise(setImmediate);
    }
    expect(overloads).toHaveLength(1);
    expect(overloads[0]).toBeGreaterThan(65_536);
    expect(connection.bufferedBytes).toBeGreaterThan(65_536);
    connection.media(Buffer.alloc(48_000));
    expect(overloads).toHaveLength(1);
  });

  it('is not stopped by a peer that breaks the WebSocket protocol', async () => {
    connection.deliverTo(sink);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const raw = (telnyx as unknown as { _socket: { write(data: Buffer): void } })._socket;
    raw.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    await closed;
    connection.media(Buffer.alloc(160));
    expect(heard).toEqual([]);
  });

  it('keeps what comes while it is held, and works on it in order when it is released', async () => {
    connection.deliverTo(sink);
    telnyx.send(media(1, 'before'));
    await handled();
    connection.hold();
    telnyx.send(media(2, 'held'));
    telnyx.send(JSON.stringify({ event: 'mark', mark: { name: 'm' } }));
    await handled();
    expect(heard).toEqual(['before']);
    expect(frames).toEqual([]);
    connection.release();
    expect(heard).toEqual(['before', 'held']);
    expect(frames).toEqual([{ kind: 'mark', name: 'm' }]);
    telnyx.send(media(3, 'after'));
    await handled();
    expect(heard).toEqual(['before', 'held', 'after']);
  });

  it('gives everything away that has come, and looks at nothing after that', async () => {
    connection.deliverTo(sink);
    telnyx.send('{"event":"connected"}');
    await handled();
    connection.hold();
    telnyx.send(media(1, 'held'));
    await handled();
    const all = connection.surrender();
    expect(all.map(({ data, isBinary }) => [data.toString(), isBinary])).toEqual([
      ['{"event":"connected"}', false],
      [media(1, 'held'), false],
    ]);
    telnyx.send(media(2, 'later'));
    await handled();
    expect(heard).toEqual([]);
  });

  it('goes on with what was held after a mistake in one of its frames', async () => {
    connection.deliverTo({
      ...sink,
      audio: (base64) => {
        if (heard.length === 0) {
          heard.push('mistake');
          throw new Error('on purpose');
        }
        sink.audio(base64);
      },
    });
    connection.hold();
    telnyx.send(media(1, 'one'));
    telnyx.send(media(2, 'two'));
    await handled();
    connection.release();
    expect(failures).toHaveLength(1);
    expect(heard).toEqual(['mistake', 'two']);
  });
});
