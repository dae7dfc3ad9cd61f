import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { LogOutput } from './log-output.js';

/** A real pipe, of which the test is the reader. */
class Pipe {
  private readonly folder = mkdtempSync(join(tmpdir(), 'log-output-'));
  private readonly readFd: number;
  readonly writeFd: number;
  /** A write may end within a character. */
  private readonly decoder = new StringDecoder();
  private open = true;

  constructor() {
    const path = join(this.folder, 'pipe');
    execFileSync('mkfifo', [path]);
    this.readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.writeFd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  }

  /** What is in the pipe now. */
  read(): string {
    const pieces: Buffer[] = [];
    for (;;) {
      const piece = Buffer.alloc(64 * 1024);
      try {
        const bytes = readSync(this.readFd, piece);
        if (bytes === 0) break;
        pieces.push(piece.subarray(0, bytes));
      } catch {
        break;
      }
    }
    return this.decoder.write(Buffer.concat(pieces));
  }

  /** Reads on until the output has nothing more to write. */
  async readAll(output: LogOutput): Promise<string> {
    let text = this.read();
    while (!output.idle) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      text += this.read();
    }
    return text + this.read();
  }

  closeReader(): void {
    if (this.open) closeSync(this.readFd);
    this.open = false;
  }

  close(): void {
    this.closeReader();
    closeSync(this.writeFd);
    rmSync(this.folder, { recursive: true });
  }
}

/** Longer than a pipe's unit of 4096 bytes, and no divisor of its size, so that writes end within a line. */
const line = (number: number): string => `${number} ${'ä'.repeat(3_001)}\n`;
const numbers = (text: string): string[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((each) => each.replace(/ ä{3001}$/, ''));
const upTo = (count: number): string[] => Array.from({ length: count }, (_, number) => String(number));

describe('LogOutput', () => {
  let pipe: Pipe;
  const lossNotice = (linesLost: number): string => `lost ${linesLost}\n`;

  beforeEach(() => {
    pipe = new Pipe();
  });
  afterEach(() => {
    for (const output of outputs.splice(0)) output.close();
    pipe.close();
  });

  const outputs: LogOutput[] = [];
  function open(options: ConstructorParameters<typeof LogOutput>[1]): LogOutput {
    const output = new LogOutput(pipe.writeFd, options);
    outputs.push(output);
    return output;
  }

  it('has written a line when the call returns', () => {
    const output = open({ lossNotice });
    output.write('one\n');
    expect(pipe.read()).toBe('one\n');
    output.write('two\n');
    expect(pipe.read()).toBe('two\n');
  });

  it('keeps what a reader does not take, and writes it whole and in order when it does', async () => {
    const output = open({ lossNotice });
    for (let number = 0; number < 200; number++) output.write(line(number));
    expect(output.idle).toBe(false);
    expect(numbers(await pipe.readAll(output))).toEqual(upTo(200));
    output.write('at once again\n');
    expect(pipe.read()).toBe('at once again\n');
  });

  it('loses lines beyond its limit, says how many in their place, and goes on', async () => {
    const output = open({ lossNotice, maxWaitingBytes: 60_000 });
    for (let number = 0; number < 100; number++) output.write(line(number));
    const seen = numbers(await pipe.readAll(output));
    const kept = seen.length - 1;
    // At least what the limit holds, and at most that and what the pipe took.
    expect(kept).toBeGreaterThanOrEqual(9);
    expect(kept).toBeLessThan(40);
    expect(seen).toEqual([...upTo(kept), `lost ${100 - kept}`]);
    output.write('later\n');
    expect(pipe.read()).toBe('later\n');
  });

  it('tells once of a loss that took long, between the lines before and after it', async () => {
    const output = open({ lossNotice, maxWaitingBytes: 60_000 });
    let number = 0;
    while (number < 100) output.write(line(number++));
    // A reader that takes some does not make room for single lines between losses.
    let text = '';
    while (!output.idle) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      text += pipe.read();
      if (number < 120) output.write(line(number++));
    }
    const seen = numbers(text + pipe.read());
    const notices = seen.filter((each) => each.startsWith('lost'));
    expect(notices).toHaveLength(1);
    const at = seen.indexOf(notices[0] ?? '');
    const lost = Number(notices[0]?.slice(5));
    expect(seen).toEqual([...upTo(at), notices[0], ...upTo(number).slice(at + lost)]);
  });

  it('writes the last lines at the end of the process for a reader that comes back, and does not wait for one that does not', () => {
    const output = open({ lossNotice });
    for (let number = 0; number < 20; number++) output.write(line(number));
    output.flushSync(20);
    expect(output.idle).toBe(false);
    let text = pipe.read();
    output.flushSync(20);
    text += pipe.read();
    output.flushSync(20);
    expect(output.idle).toBe(true);
    expect(numbers(text + pipe.read())).toEqual(upTo(20));
  });

  it('does not throw, nor hold up the end, when the reader is gone', () => {
    const output = open({ lossNotice });
    pipe.closeReader();
    const begunMs = performance.now();
    for (let number = 0; number < 20; number++) output.write(line(number));
    output.flushSync(600_000);
    expect(performance.now() - begunMs).toBeLessThan(60_000);
    expect(output.idle).toBe(false);
  });

  it('writes to files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'log-output-'));
    const fd = openSync(join(folder, 'log'), 'w');
    const output = new LogOutput(fd, { lossNotice });
    for (let number = 0; number < 50; number++) output.write(line(number));
    expect(numbers(readFileSync(join(folder, 'log'), 'utf8'))).toEqual(upTo(50));
    closeSync(fd);
    rmSync(folder, { recursive: true });
  });
});
