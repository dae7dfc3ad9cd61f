import { readFile } from 'node:fs/promises';
import { fileProblem } from './file-problem.js';
import { type SecretFile } from './read-settings.js';

/**
 * Files are read again this often. Kubernetes brings a changed Secret to a pod within about a minute, so a few seconds
 * more do not matter; and reading compares contents, because a mounted Secret changes by swapping a symbolic link, which
 * file watchers miss.
 */
const POLL_MS = 5000;

export interface SecretFilesOptions {
  intervalMs?: number;
  onChange?: (name: string) => void;
  /** A file that was fine and is not any more; told once, until it changes. The old value stays in use. */
  onProblem?: (name: string, problem: string) => void;
}

/** Keeps secrets that came from files up to date. `close()` stops it; it does not keep the process alive. */
export class SecretFiles {
  readonly #files: readonly SecretFile[];
  readonly #options: SecretFilesOptions;
  readonly #lastProblem = new Map<SecretFile, string>();
  readonly #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(files: readonly SecretFile[], options: SecretFilesOptions = {}) {
    this.#files = files;
    this.#options = options;
    if (files.length === 0) return;
    this.#timer = setInterval(() => void this.check(), options.intervalMs ?? POLL_MS);
    this.#timer.unref();
  }

  /** Looks at every file now. Never rejects; a check under way is joined, so that a slow disk does not pile them up. */
  check(): Promise<void> {
    this.#running ??= Promise.allSettled(this.#files.map((file) => this.#checkOne(file))).then(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  async #checkOne(file: SecretFile): Promise<void> {
    let text: string | undefined;
    let wrong: string | undefined;
    try {
      text = (await readFile(file.path, 'utf8')).trim();
      wrong = text === '' ? 'the file is empty' : file.check(text);
    } catch (error) {
      wrong = fileProblem(error);
    }
    if (this.#closed) return;
    if (wrong !== undefined) {
      this.#report(file, `${file.path}: ${wrong}; the value from before stays in use`);
      return;
    }
    this.#lastProblem.delete(file);
    if (text === undefined || text === file.secret.value) return;
    file.secret.replace(text);
    this.#options.onChange?.(file.name);
  }

  #report(file: SecretFile, problem: string): void {
    if (this.#lastProblem.get(file) === problem) return;
    this.#lastProblem.set(file, problem);
    this.#options.onProblem?.(file.name, problem);
  }
}
