/** A conversation of an hour is some hundred kilobytes; this is far beyond, and still harmless a hundred times over. */
export const REMEMBERED_BYTES = 2 * 1024 * 1024;

/**
 * The last value of each part of a conversation, as JSON, for writing all of it again. Beyond REMEMBERED_BYTES the parts
 * that were written longest ago are let go of: they are in the directory, and lost only if that forgets them.
 */
export class RememberedTalk {
  private readonly parts = new Map<string, Buffer>();
  private bytes = 0;

  get(key: string): Buffer | undefined {
    return this.parts.get(key);
  }

  keys(): IterableIterator<string> {
    return this.parts.keys();
  }

  set(key: string, json: Buffer): void {
    this.delete(key);
    this.parts.set(key, json);
    this.bytes += json.length;
  }

  /**
   * Lets go of what is too much.
   * @param unwritten parts that are only here: kept until they alone are twice as much as is remembered.
   * @returns those of them that had to go all the same.
   */
  shrink(unwritten: ReadonlySet<string>): string[] {
    if (this.bytes <= REMEMBERED_BYTES) return [];
    this.drop(REMEMBERED_BYTES, (key) => !unwritten.has(key));
    return this.drop(2 * REMEMBERED_BYTES, (key) => unwritten.has(key));
  }

  /** Oldest first. */
  private drop(downToBytes: number, which: (key: string) => boolean): string[] {
    const dropped: string[] = [];
    for (const key of this.parts.keys()) {
      if (this.bytes <= downToBytes) break;
      if (!which(key)) continue;
      this.delete(key);
      dropped.push(key);
    }
    return dropped;
  }

  delete(key: string): void {
    this.bytes -= this.parts.get(key)?.length ?? 0;
    this.parts.delete(key);
  }
}
