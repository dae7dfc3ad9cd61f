import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** What lines may wait when nobody reads: some 20,000 of them, several minutes of a busy pod at level info. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** How soon a full pipe is tried again: at once while it moves, more and more seldom while it does not. */
const RETRY_MIN_MS = 2;
const RETRY_MAX_MS = 100;
/** Lines are gathered up to the size of a pipe on Linux. */
const CHUNK_BYTES = 64 * 1024;
/** How long the end of the process is held up for the last lines, if nobody reads them. */
const EXIT_PATIENCE_MS = 1_000;

export interface LogOutputOptions {
  maxWaitingBytes?: number;
  /** The line that says how many others were lost, with its line break. */
  lossNotice(linesLost: number): string;
}

/**
 * Where log lines go: written at once while somebody reads them, so that the last line before a crash is out too. A reader
 * that stops holds up nothing: lines wait in memory, up to a limit; beyond it they are lost, and one line in their place
 * says how many.
 */
export class LogOutput {
  private readonly maxWaitingBytes: number;
  /** The rest of a line or chunk of which a part is written already. */
  private begun: Buffer | undefined;
  private waiting: string[] = [];
  private waitingBytes = 0;
  private linesLost = 0;
  /** The last attempt failed, and not because the reader is slow. */
  private broken = false;
  private retryMs = RETRY_MIN_MS;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  /** @param fd a descriptor whose `write` gives EAGAIN instead of waiting; see {@link patientDescriptor}. */
  constructor(
    private readonly fd: number,
    private readonly options: LogOutputOptions,
  ) {
    this.maxWaitingBytes = options.maxWaitingBytes ?? MAX_WAITING_BYTES;
  }

  /** Whether everything that was not lost is written. */
  get idle(): boolean {
    return this.begun === undefined && this.waiting.length === 0 && this.linesLost === 0;
  }

  /** @param line with its line break. */
  write(line: string): void {
    if (this.closed) return;
    if (this.idle) {
      const rest = this.tryWrite(Buffer.from(line));
      if (!rest) return;
      this.begun = rest;
      this.tryLater();
      return;
    }
    const bytes = Buffer.byteLength(line);
    // Once lines are lost, room for one is not enough: the notice would come for every other line.
    const limitBytes = this.linesLost > 0 ? this.maxWaitingBytes / 2 : this.maxWaitingBytes;
    if (this.waitingBytes + bytes > limitBytes) {
      this.linesLost++;
      return;
    }
    this.noteLoss();
    this.waiting.push(line);
    this.waitingBytes += bytes;
  }

  /** For the end of the process: waits for the reader, blocking everything, and no longer than `patienceMs`. */
  flushSync(patienceMs = EXIT_PATIENCE_MS): void {
    const untilMs = performance.now() + patienceMs;
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    while (!this.closed && !this.drain() && !this.broken && performance.now() < untilMs)
      Atomics.wait(sleeper, 0, 0, RETRY_MIN_MS);
  }

  /** Writes nothing any more; whoever closes the descriptor has to say so first, because its number is given away again. */
  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.closed = true;
  }

  private tryLater(): void {
    if (this.closed) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      if (!this.drain()) this.tryLater();
    }, this.retryMs).unref();
  }

  /** @returns whether everything is written. */
  private drain(): boolean {
    for (;;) {
      const chunk = this.begun ?? this.nextChunk();
      if (!chunk) return true;
      this.begun = this.tryWrite(chunk);
      const moved = this.begun?.length !== chunk.length;
      this.retryMs = moved ? RETRY_MIN_MS : Math.min(this.retryMs * 2, RETRY_MAX_MS);
      if (this.begun) return false;
    }
  }

  private nextChunk(): Buffer | undefined {
    if (this.waiting.length === 0) this.noteLoss();
    if (this.waiting.length === 0) return undefined;
    let bytes = 0;
    let lines = 0;
    while (lines < this.waiting.length && bytes < CHUNK_BYTES) bytes += Buffer.byteLength(this.waiting[lines++] ?? '');
    this.waitingBytes -= bytes;
    return Buffer.from(this.waiting.splice(0, lines).join(''));
  }

  /** Puts the notice where the lines are missing. */
  private noteLoss(): void {
    if (this.linesLost === 0) return;
    const notice = this.options.lossNotice(this.linesLost);
    this.linesLost = 0;
    this.waiting.push(notice);
    this.waitingBytes += Buffer.byteLength(notice);
  }

  /** @returns what could not be written now. */
  private tryWrite(bytes: Buffer): Buffer | undefined {
    try {
      const written = writeSync(this.fd, bytes);
      this.broken = false;
      return written === bytes.length ? undefined : bytes.subarray(written);
    } catch (error) {
      // EAGAIN: nobody reads at the moment. Anything else (EPIPE, ENOSPC) may pass too, and there is nobody to tell.
      this.broken = (error as NodeJS.ErrnoException).code !== 'EAGAIN';
      return bytes;
    }
  }
}

/**
 * Standard output, without its power to stop the process: a descriptor whose `write` gives EAGAIN when a pipe, a socket
 * or a terminal (Ctrl-S) takes nothing more. Files are written as ever: they have no reader to wait for.
 */
export function patientDescriptor(fd: 1 = 1): number {
  if (isatty(fd)) {
    try {
      // A description of our own: the terminal's other one is the shell's too, which must go on waiting for it.
      return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    } catch {
      return fd;
    }
  }
  const kind = fstatSync(fd);
  // Node switches a pipe or socket to non-blocking when it makes its stream for it, which it does on first use.
  if (kind.isFIFO() || kind.isSocket()) process.stdout.on('error', () => undefined);
  return fd;
}
