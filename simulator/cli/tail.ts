/** Follows a list that only grows: each call hands out what came since the last one. */
export function tailOf<T>(list: () => readonly T[]): () => T[] {
  let seen = 0;
  return () => {
    const all = list();
    const news = all.slice(seen);
    seen = all.length;
    return news;
  };
}
