import { inspect } from 'node:util';

const MASK = '[secret]';

/**
 * A value that must never reach a log line, an error message or a JSON document.
 *
 * Read `value` at the moment of use and do not keep it: a secret that came from a file changes when the file does.
 * Every accidental way to text (`String()`, template strings, `JSON.stringify`, `console.log`, pino) gives `[secret]`.
 */
export class Secret {
  #value: string;
  #previous: string | undefined;
  readonly #listeners: (() => void)[] = [];

  constructor(value: string) {
    this.#value = value;
  }

  /** The current value. */
  get value(): string {
    return this.#value;
  }

  /**
   * The value before the last change in this process, if there was one. For verifying what was signed with it (a stream
   * token outlives a rotation, because a carrier re-dials the same URL for as long as the call lasts), and for signing
   * beside the new one what a receiver verifies that may not have the new one yet (reports).
   */
  get previous(): string | undefined {
    return this.#previous;
  }

  /** Takes a new value; the old one stays readable as `previous`. Called by whoever watches the secret's source. */
  replace(value: string): void {
    if (value === this.#value) return;
    this.#previous = this.#value;
    this.#value = value;
    for (const listener of this.#listeners) listener();
  }

  /** Calls back after every change, for as long as the secret lives. For what must know when a value appeared. */
  onReplace(listener: () => void): void {
    this.#listeners.push(listener);
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}
