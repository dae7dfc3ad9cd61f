import { type PinoLogger } from 'nestjs-pino';
import { type Clock, type Timer } from '../common/clock.js';
import { within } from '../common/within.js';
import { type ConversationKeeper, type SavedConversation } from '../conversation/record/saved-conversation.js';
import { type CallDirectory, DirectoryUnavailable, type Renewal } from './call-directory.js';
import { RememberedTalk } from './remembered-talk.js';
import { type Sealer } from './sealer.js';

/**
 * Changes of so long go together. Short, because a conversation gathers its changes itself, and writes at once what must
 * not happen twice: a tool that is about to run.
 */
export const WRITE_EVERY_MS = 10;
/** All calls of a pod write again within this time. */
const SPREAD_MS = 100;
/** After a write that failed; longer each time, up to the second. With the directory back it is tried at once. */
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 2000;
/** In one command: more would make it late, and others behind it. */
const LARGEST_WRITE_BYTES = 256 * 1024;
const FLUSH_TIMEOUT_MS = 1000;

/** What opens a part of a conversation: nobody can pass off one call's words as another's. */
export function partContext(callControlId: string, key: string): string {
  return `talk ${callControlId} ${key}`;
}

export interface TalkWriterOptions {
  callControlId: string;
  epoch: number;
  /** What was read of the conversation before, so that all of it can be written again. */
  known?: SavedConversation | undefined;
  /** Another pod has the call: nothing is written any more, until `raise`. */
  onLost?: (() => void) | undefined;
}

interface Around {
  directory: CallDirectory;
  sealer: Sealer;
  clock: Clock;
  log: PinoLogger;
}

/** Writes down one call's conversation, in the background. */
export class TalkWriter implements ConversationKeeper {
  private epoch: number;
  /** Said, and not yet turned into JSON; undefined: to be removed. */
  private said = new Map<string, unknown>();
  /** Keys that have to be written; those not remembered are removed. */
  private readonly dirty = new Set<string>();
  private readonly remembered = new RememberedTalk();
  private writing: Promise<boolean> | undefined;
  private timer: Timer | undefined;
  private retryMs = FIRST_RETRY_MS;
  private ended = false;
  /** Another pod has the call, or had it: nothing is written before this one has a greater epoch. */
  private lost = false;
  private overflowed = false;

  constructor(
    private readonly options: TalkWriterOptions,
    private readonly around: Around,
    private readonly closed: (writer: TalkWriter) => void,
  ) {
    this.epoch = options.epoch;
    for (const [key, value] of options.known ?? []) this.remember(key, value);
    this.dirty.clear();
  }

  /** Never waits, never throws. @param changes JSON values by key, not to be changed later; undefined removes. */
  save(changes: ReadonlyMap<string, unknown>): void {
    if (this.ended) return;
    for (const [key, value] of changes) this.said.set(key, value);
    this.writeIn(WRITE_EVERY_MS);
  }

  /** The owner's epoch grew: it is written with this one from now on, also where the call had been lost meanwhile. */
  raise(epoch: number): void {
    const grew = epoch > this.epoch;
    this.epoch = Math.max(this.epoch, epoch);
    if (!this.lost || !grew) return;
    this.lost = false;
    this.rewrite();
  }

  /** Writes all of it again: the directory may have forgotten it. Call it when the call was restored. */
  rewrite(): void {
    if (this.ended) return;
    for (const key of this.remembered.keys()) this.dirty.add(key);
    this.retryNow();
  }

  /** What could not be written is tried again; not for all calls of a pod in the same moment. */
  retryNow(): void {
    this.retryMs = FIRST_RETRY_MS;
    this.writeIn(Math.random() * SPREAD_MS, true);
  }

  /**
   * @returns whether everything said until now is written down; false when the directory is away, has forgotten the call or
   * given it to another pod, or took longer than this. What is left is tried again by itself.
   */
  async flush(timeoutMs = FLUSH_TIMEOUT_MS): Promise<boolean> {
    const written = async (): Promise<boolean> => {
      await this.writing;
      return await this.write();
    };
    return await within(this.around.clock, timeoutMs, written(), () => false);
  }

  /** Nothing is written any more; `flush` before, if it matters. */
  close(): void {
    if (this.ended) return;
    this.ended = true;
    this.timer?.cancel();
    this.said.clear();
    this.dirty.clear();
    this.closed(this);
  }

  /** @param sooner also where a write is due later. */
  private writeIn(delayMs: number, sooner = false): void {
    if (this.ended || this.lost || (this.timer && !sooner)) return;
    this.timer?.cancel();
    this.timer = this.around.clock.after(delayMs, () => {
      this.timer = undefined;
      // One at a time: when it ends, what was said meanwhile is due.
      if (this.writing === undefined) void this.write();
    });
  }

  /** Never rejects. @returns true when nothing is left to write. */
  private write(): Promise<boolean> {
    this.writing ??= this.writeAll().then((done) => {
      this.writing = undefined;
      if (!done) {
        this.writeIn(this.retryMs);
        this.retryMs = Math.min(2 * this.retryMs, LAST_RETRY_MS);
      } else if (this.said.size > 0) {
        this.writeIn(WRITE_EVERY_MS);
      }
      return done;
    });
    return this.writing;
  }

  private async writeAll(): Promise<boolean> {
    this.takeDown();
    while (this.dirty.size > 0 && !this.ended && !this.lost) {
      const keys = this.nextKeys();
      for (const key of keys) this.dirty.delete(key);
      const outcome = await this.put(keys);
      if (outcome === 'kept') {
        this.retryMs = FIRST_RETRY_MS;
        continue;
      }
      if (outcome === 'lost') {
        this.lose();
        return false;
      }
      const again = outcome === 'missing' ? [...this.remembered.keys(), ...keys] : keys;
      for (const key of again) this.dirty.add(key);
      return false;
    }
    return !this.ended && !this.lost;
  }

  private async put(keys: readonly string[]): Promise<Renewal | 'failed'> {
    const { callControlId } = this.options;
    const { directory, sealer } = this.around;
    try {
      const parts = new Map<string, Buffer | undefined>();
      for (const key of keys) {
        const json = this.remembered.get(key);
        parts.set(key, json && sealer.seal(json, partContext(callControlId, key)));
      }
      return await directory.saveTalk(callControlId, this.epoch, parts);
    } catch (error) {
      if (!(error instanceof DirectoryUnavailable)) this.complain({ err: error }, 'conversation not written down');
      return 'failed';
    }
  }

  private nextKeys(): string[] {
    const keys: string[] = [];
    let bytes = 0;
    for (const key of this.dirty) {
      bytes += this.remembered.get(key)?.length ?? 0;
      if (keys.length > 0 && bytes > LARGEST_WRITE_BYTES) break;
      keys.push(key);
    }
    return keys;
  }

  private takeDown(): void {
    const { said } = this;
    this.said = new Map();
    for (const [key, value] of said) this.remember(key, value);
  }

  private remember(key: string, value: unknown): void {
    let json: string | undefined;
    try {
      json = JSON.stringify(value);
    } catch (error) {
      this.complain({ key, err: error }, 'part of a conversation that is no JSON, not kept');
      return;
    }
    if (json === undefined) this.remembered.delete(key);
    else this.remembered.set(key, Buffer.from(json));
    this.dirty.add(key);
    const dropped = this.remembered.shrink(this.dirty);
    for (const old of dropped) this.dirty.delete(old);
    if (dropped.length > 0 && !this.overflowed) {
      this.overflowed = true;
      this.complain({}, 'too much unwritten of a conversation, its oldest parts are dropped');
    }
  }

  private lose(): void {
    if (this.ended || this.lost) return;
    this.lost = true;
    this.timer?.cancel();
    this.timer = undefined;
    try {
      this.options.onLost?.();
    } catch (error) {
      this.complain({ err: error }, 'listener for a lost call failed');
    }
  }

  private complain(fields: object, message: string): void {
    this.around.log.error({ callId: this.options.callControlId, ...fields }, message);
  }
}
