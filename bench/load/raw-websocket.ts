import { createHash, randomBytes } from 'node:crypto';
import { type Server } from 'node:http';
import { connect } from 'node:net';
import { type Duplex } from 'node:stream';

/** RFC 6455, 1.3. */
const HANDSHAKE_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

function acceptKey(key: string): string {
  return createHash('sha1')
    .update(key + HANDSHAKE_GUID)
    .digest('base64');
}

/** One whole frame; `maskKey` (any non-zero number) for frames from a client. The text must be ASCII. */
export function encodeFrame(opcode: number, text: string, maskKey?: number): Buffer {
  const length = text.length;
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const bodyAt = 2 + lengthBytes + (maskKey === undefined ? 0 : 4);
  const frame = Buffer.allocUnsafe(bodyAt + length);
  frame[0] = 0x80 | opcode;
  frame[1] = (maskKey === undefined ? 0 : 0x80) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) frame.writeUInt16BE(length, 2);
  if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.write(text, bodyAt, 'latin1');
  if (maskKey !== undefined) {
    frame.writeInt32BE(maskKey | 0, bodyAt - 4);
    mask(frame, bodyAt - 4, bodyAt, frame.length);
  }
  return frame;
}

function mask(bytes: Buffer, keyAt: number, from: number, to: number): void {
  for (let i = from; i < to; i++) bytes[i] = (bytes[i] ?? 0) ^ (bytes[keyAt + ((i - from) & 3)] ?? 0);
}

/**
 * One end of a WebSocket with as little work per frame as can be: the load generator plays both ends of every call on one
 * core, and `ws` on four sockets a frame would use that core up before the relay's. Whole text frames only.
 */
export class RawWebSocket {
  onText: (payload: Buffer) => void = () => undefined;
  onClose: () => void = () => undefined;
  private rest: Buffer | undefined;
  private maskKey = 1;
  private open = true;

  constructor(
    private readonly stream: Duplex,
    private readonly role: 'client' | 'server',
  ) {
    stream.on('error', () => stream.destroy());
    stream.on('close', () => {
      this.open = false;
      this.onClose();
    });
  }

  /** Begins to read, once the handlers are set; `head` is what came behind the handshake. */
  start(head: Buffer): void {
    if (head.length > 0) this.receive(head);
    this.stream.on('data', (chunk: Buffer) => this.receive(chunk));
    this.stream.resume();
  }

  get isOpen(): boolean {
    return this.open;
  }

  send(text: string): void {
    this.write(TEXT, text);
  }

  close(): void {
    // 1000, normal.
    this.write(CLOSE, '\u0003\u00e8');
    this.stream.end();
  }

  destroy(): void {
    this.stream.destroy();
  }

  private write(opcode: number, text: string): void {
    if (!this.open || this.stream.writableEnded) return;
    // Not unpredictable as RFC 6455 asks of browsers, but a different, non-zero key for each frame.
    if (this.role === 'client') this.maskKey = (Math.imul(this.maskKey, 0x9e3779b1) + 0x6d2b79f5) | 1;
    this.stream.write(encodeFrame(opcode, text, this.role === 'client' ? this.maskKey : undefined));
  }

  private receive(chunk: Buffer): void {
    const bytes = this.rest === undefined ? chunk : Buffer.concat([this.rest, chunk]);
    let at = 0;
    for (;;) {
      const end = this.frame(bytes, at);
      if (end === undefined) break;
      at = end;
    }
    this.rest = at === bytes.length ? undefined : bytes.subarray(at);
  }

  /** Handles the frame that starts at `at` and returns where it ends, or undefined when it is not all there. */
  private frame(bytes: Buffer, at: number): number | undefined {
    if (bytes.length - at < 2) return undefined;
    const first = bytes[at] ?? 0;
    const second = bytes[at + 1] ?? 0;
    let length = second & 0x7f;
    let bodyAt = at + 2;
    if (length === 126) {
      if (bytes.length - at < 4) return undefined;
      length = bytes.readUInt16BE(bodyAt);
      bodyAt += 2;
    } else if (length === 127) {
      if (bytes.length - at < 10) return undefined;
      length = Number(bytes.readBigUInt64BE(bodyAt));
      bodyAt += 8;
    }
    const masked = (second & 0x80) !== 0;
    if (masked) bodyAt += 4;
    const end = bodyAt + length;
    if (bytes.length < end) return undefined;
    if (masked) mask(bytes, bodyAt - 4, bodyAt, end);
    this.handle(first, bytes.subarray(bodyAt, end));
    return end;
  }

  private handle(firstByte: number, payload: Buffer): void {
    const opcode = firstByte & 0x0f;
    if (opcode === TEXT && (firstByte & 0x80) !== 0) this.onText(payload);
    else if (opcode === PING) this.write(PONG, payload.toString('latin1'));
    else if (opcode === CLOSE) this.stream.end();
    else if (opcode !== PONG) this.stream.destroy(new Error(`a frame with opcode ${opcode} was not expected`));
  }
}

/** Opens a client socket to 127.0.0.1; the caller sets the handlers and starts it. Rejects when the answer is not 101. */
export function connectRaw(port: number, path: string): Promise<{ socket: RawWebSocket; head: Buffer }> {
  return new Promise((resolve, reject) => {
    const key = randomBytes(16).toString('base64');
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    let answer = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      answer = Buffer.concat([answer, chunk]);
      const end = answer.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', onData).off('error', reject).off('close', onClose);
      const head = answer.toString('latin1', 0, end);
      if (!head.startsWith('HTTP/1.1 101 ') || !head.includes(acceptKey(key))) {
        socket.destroy();
        reject(new Error(`the upgrade of ${path} was answered with: ${head.split('\r\n')[0]}`));
      } else {
        socket.pause();
        resolve({ socket: new RawWebSocket(socket, 'client'), head: answer.subarray(end + 4) });
      }
    };
    const onClose = (): void => reject(new Error(`the upgrade of ${path} was not answered`));
    socket.on('data', onData).on('error', reject).on('close', onClose);
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
  });
}

/** Accepts every upgrade on an HTTP(S) server; `onSocket` sets the handlers at once. */
export function acceptRaw(server: Server, onSocket: (socket: RawWebSocket, url: string) => void): void {
  server.on('upgrade', (request, stream: Duplex & { setNoDelay?: (on: boolean) => void }, head: Buffer) => {
    stream.setNoDelay?.(true);
    stream.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${acceptKey(request.headers['sec-websocket-key'] ?? '')}\r\n\r\n`,
    );
    const socket = new RawWebSocket(stream, 'server');
    onSocket(socket, request.url ?? '/');
    socket.start(head);
  });
}
