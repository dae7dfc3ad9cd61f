/** One session with the model, as far as the words of a conversation go. Times are of one clock. */
export interface ToldSession {
  /** What it said itself, in order. */
  readonly said: readonly { readonly id: string; readonly begunAtMs: number }[];
  /** Answers of earlier sessions that it was told of. */
  readonly toldAnswers: readonly string[];
  /** How many turns of the caller it was told of. */
  readonly toldTurns: number;
}

/** What is missing in the session that has a conversation now. */
export interface Hole {
  answers: number;
  turns: number;
}

/**
 * The sessions that one conversation took, in order: the one that greeted, and every one that was told of what those before
 * it had said.
 * @param first the session that greeted; undefined where that is not known
 */
export function chainOf<S extends ToldSession>(sessions: readonly S[], first: S | undefined): S[] {
  if (first === undefined) return [];
  const chain = [first];
  for (;;) {
    const known = new Set(chain.flatMap(({ said }) => said.map(({ id }) => id)));
    const more = sessions.filter(
      (session) => !chain.includes(session) && session.toldAnswers.some((id) => known.has(id)),
    );
    if (more.length === 0) break;
    chain.push(...more);
  }
  const [root, ...rest] = chain;
  // The later a session, the more it was told.
  return [...(root ? [root] : []), ...rest.sort((a, b) => a.toldAnswers.length - b.toldAnswers.length)];
}

/**
 * What the newest session was not told, of what the caller heard and said before it took over.
 * @param chain of `chainOf`
 * @param wasHeard whether the caller heard something of an answer
 * @param answeredBy for each turn of the caller that was answered, the answer's id
 */
export function holeIn(
  chain: readonly ToldSession[],
  wasHeard: (answer: { readonly id: string; readonly begunAtMs: number }) => boolean,
  answeredBy: readonly string[],
): Hole {
  const newest = chain.at(-1);
  if (newest === undefined || chain.length === 1) return { answers: 0, turns: 0 };
  const told = new Set(newest.toldAnswers);
  const earlier = chain.slice(0, -1).flatMap(({ said }) => said);
  const turns = answeredBy.filter((id) => earlier.some((answer) => answer.id === id)).length;
  return {
    answers: earlier.filter((answer) => wasHeard(answer) && !told.has(answer.id)).length,
    turns: Math.max(0, turns - newest.toldTurns),
  };
}
