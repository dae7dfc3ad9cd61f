export interface LogEntry<N extends string = string> {
  readonly name: N;
  /** On the double's monotonic clock. */
  readonly atMs: number;
  readonly detail?: string | undefined;
}

interface Waiter {
  readonly check: () => boolean;
  readonly refuse: (error: Error) => void;
}

/** What happened, in order, and a way to wait for it that names what did happen when it does not come. */
export class EventLog<N extends string> {
  private readonly list: LogEntry<N>[] = [];
  private readonly waiters = new Set<Waiter>();
  private closed = false;

  constructor(
    private readonly owner: string,
    private readonly now: () => number,
  ) {}

  get entries(): readonly LogEntry<N>[] {
    return this.list;
  }

  add(name: N, detail?: string): void {
    this.list.push({ name, atMs: this.now(), detail });
    for (const waiter of [...this.waiters]) waiter.check();
  }

  count(name: N): number {
    return this.list.reduce((sum, entry) => sum + (entry.name === name ? 1 : 0), 0);
  }

  /**
   * @param count resolves with the `count`th entry of this name, at once when it is already there
   * @returns the entry; rejects with an error after `timeoutMs`
   */
  waitFor(name: N, timeoutMs: number, count = 1): Promise<LogEntry<N>> {
    const wanted = count === 1 ? name : `${name} (${count} times)`;
    return this.waitUntil(() => this.list.filter((entry) => entry.name === name)[count - 1], timeoutMs, wanted);
  }

  /** As `waitFor`, for anything that `find` sees after an entry was added. */
  waitUntil<T>(find: () => T | undefined, timeoutMs: number, wanted: string): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const found = find();
      if (found !== undefined) {
        resolve(found);
        return;
      }
      const fail = (why: string): void => reject(new Error(`${this.owner}: ${why} ${wanted}. Seen: ${this.summary()}`));
      if (this.closed) {
        fail('closed before');
        return;
      }
      const settle = (action: () => void): void => {
        clearTimeout(timer);
        this.waiters.delete(waiter);
        action();
      };
      const waiter: Waiter = {
        check: () => {
          const hit = find();
          if (hit === undefined) return false;
          settle(() => resolve(hit));
          return true;
        },
        refuse: (error) => settle(() => reject(error)),
      };
      const timer = setTimeout(() => settle(() => fail(`waited ${timeoutMs} ms in vain for`)), timeoutMs);
      this.waiters.add(waiter);
    });
  }

  /** Nothing more will come: whoever still waits is told so. */
  close(): void {
    this.closed = true;
    for (const waiter of [...this.waiters]) {
      if (!waiter.check()) waiter.refuse(new Error(`${this.owner}: closed. Seen: ${this.summary()}`));
    }
  }

  private summary(): string {
    const names = this.list.slice(-20).map((entry) => (entry.detail ? `${entry.name} (${entry.detail})` : entry.name));
    return names.join(', ') || 'nothing';
  }
}
