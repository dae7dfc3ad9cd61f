import pc from 'picocolors';

export type Colors = ReturnType<typeof pc.createColors>;

/** Where a command writes: lines for people on `err` while it works, its result on `out`. */
export interface Terminal {
  readonly out: NodeJS.WriteStream;
  readonly err: NodeJS.WriteStream;
  /** Of `out` and of `err`: colours only where a person looks and has not declined them. */
  readonly outColors: Colors;
  readonly errColors: Colors;
}

/** NO_COLOR (no-color.org) counts when it is there and not empty; a dumb terminal has no colours. */
export function wantsColors(
  stream: { isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  return stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

export function openTerminal(): Terminal {
  const { stdout: out, stderr: err } = process;
  // A reader that went away (`… | head`) is no reason to crash; there is just nobody left to tell.
  for (const stream of [out, err]) stream.on('error', () => undefined);
  return {
    out,
    err,
    outColors: pc.createColors(wantsColors(out)),
    errColors: pc.createColors(wantsColors(err)),
  };
}

/** Milliseconds for people: `612 ms`, `12.4 s`. */
export function duration(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
