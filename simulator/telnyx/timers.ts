/** The timers of one double, so that closing it leaves none behind. */
export class Timers {
  private readonly handles = new Set<NodeJS.Timeout>();

  /** Runs `action` once after `delayMs`, unless cleared; returns a way to call it off. */
  after(delayMs: number, action: () => void): () => void {
    const handle = setTimeout(() => {
      this.handles.delete(handle);
      action();
    }, delayMs);
    this.handles.add(handle);
    return () => {
      clearTimeout(handle);
      this.handles.delete(handle);
    };
  }

  clear(): void {
    for (const handle of this.handles) clearTimeout(handle);
    this.handles.clear();
  }
}
