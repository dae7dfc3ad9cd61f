import { type Logger } from 'pino';
import { type Clock } from '../../common/clock.js';
import { type Config } from '../../config/config.js';
import { type HistoryItem } from '../model.port.js';
import { KeyCollector } from './key-collector.js';
import { keyNote, maskKeys } from './key-note.js';
import { KeySource } from './key-source.js';
import { type PressedKey } from './pressed-key.js';

export interface CallerKeysActions {
  /** A key was pressed: the caller wants to be heard. */
  pressed(): void;
  /** An entry is complete. @param note what the model is told of it. */
  entered(keys: string, note: HistoryItem): void;
}

/** The keys that the caller presses, from whichever way they come, as entries. */
export class CallerKeys {
  private readonly source: KeySource;
  private readonly collector: KeyCollector;

  constructor(
    clock: Clock,
    private readonly settings: Config['keys'],
    log: Logger,
    actions: CallerKeysActions,
  ) {
    this.collector = new KeyCollector(clock, settings, (keys, ended) => {
      log.info({ keys: maskKeys(keys), ended }, 'the caller entered keys');
      actions.entered(keys, keyNote(keys, ended === 'terminator' ? settings.terminator : undefined));
    });
    this.source = new KeySource(clock, settings.source, (key) => {
      actions.pressed();
      this.collector.press(key);
    });
  }

  /** The caller is entering something. */
  get pending(): boolean {
    return this.source.pending || this.collector.pending;
  }

  /** The keys of an entry that is not complete. */
  get pendingKeys(): string {
    return this.collector.pendingKeys;
  }

  /** What is being entered is taken for complete. */
  flush(): void {
    this.collector.flush();
  }

  fromMedia(key: PressedKey): void {
    if (this.settings.enabled) this.source.fromMedia(key);
  }

  fromWebhook(key: PressedKey): void {
    if (this.settings.enabled) this.source.fromWebhook(key);
  }

  /** The call is over: what was being entered is complete. */
  stop(): void {
    this.source.stop();
    this.collector.flush();
    this.collector.stop();
  }
}
