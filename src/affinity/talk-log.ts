import { type PinoLogger } from 'nestjs-pino';
import { type Clock } from '../common/clock.js';
import { parseJson } from '../common/parse-json.js';
import { type SavedConversation } from '../conversation/record/saved-conversation.js';
import { type CallDirectory } from './call-directory.js';
import { type Sealer } from './sealer.js';
import { partContext, TalkWriter, type TalkWriterOptions } from './talk-writer.js';

export { type TalkWriter } from './talk-writer.js';

/** Writes conversations down while they go on, sealed, so that another pod can go on with them. */
export class TalkLog {
  private readonly writers = new Set<TalkWriter>();

  constructor(
    private readonly directory: CallDirectory,
    private readonly sealer: Sealer,
    private readonly clock: Clock,
    private readonly log: PinoLogger,
  ) {
    directory.onBack((mayBeEmpty) => {
      for (const writer of this.writers) {
        if (mayBeEmpty) writer.rewrite();
        else writer.retryNow();
      }
    });
  }

  /** For the pod that owns a call with this epoch; `close()` the writer when the call is over or gone. */
  open(callControlId: string, epoch: number, more: Pick<TalkWriterOptions, 'known' | 'onLost'> = {}): TalkWriter {
    const { directory, sealer, clock, log, writers } = this;
    const around = { directory, sealer, clock, log };
    const writer = new TalkWriter({ callControlId, epoch, ...more }, around, (closed) => writers.delete(closed));
    writers.add(writer);
    return writer;
  }

  /** What is written down of a conversation; parts that do not open are passed over. Rejects with DirectoryUnavailable. */
  async read(callControlId: string): Promise<SavedConversation> {
    const talk = new Map<string, unknown>();
    const unreadable: string[] = [];
    for (const [key, sealed] of await this.directory.readTalk(callControlId)) {
      const plain = this.sealer.unseal(sealed, partContext(callControlId, key));
      const value = plain && parseJson(plain);
      if (value === undefined) unreadable.push(key);
      else talk.set(key, value);
    }
    if (unreadable.length > 0) {
      this.log.error(
        { callId: callControlId, unreadable },
        'parts of a conversation cannot be read, passed over: is their secret gone from STREAM_TOKEN_SECRET?',
      );
    }
    return talk;
  }
}
