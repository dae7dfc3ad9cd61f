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

/** The same for several lists, of which there may be more and more. Out: what came, list by list. */
export function tailOfAll<T>(lists: () => readonly (readonly T[])[]): () => T[] {
  const seen: number[] = [];
  return () =>
    lists().flatMap((list, index) => {
      const news = list.slice(seen[index] ?? 0);
      seen[index] = list.length;
      return news;
    });
}
