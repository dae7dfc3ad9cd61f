/** Names shorter than this are too close to too many others (HOST, PORTS, VOICES) for a guess to help. */
const SHORTEST_GUESS = 8;
const MOST_EDITS = 2;

/** The known name that an unknown one was probably meant to be, or undefined. `X_FILE` is known when `X` is. */
export function suggestion(name: string, known: readonly string[]): string | undefined {
  const bare = name.replace(/_FILE$/, '');
  if (known.includes(name) || known.includes(bare) || bare.length < SHORTEST_GUESS) return undefined;
  let best: string | undefined;
  let bestEdits = MOST_EDITS + 1;
  for (const candidate of known) {
    const edits = editDistance(bare, candidate);
    if (edits < bestEdits) [best, bestEdits] = [candidate, edits];
  }
  return best === undefined ? undefined : name === bare ? best : `${best}_FILE`;
}

/** Insertions, deletions and replacements between two texts, a swap of neighbours counting as two. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MOST_EDITS) return MOST_EDITS + 1;
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
