/**
 * What a connection that came to nothing says of the process behind it.
 * `refused`: its host answers, and nobody listens there: it is dead.
 * `cut`: it was there and is not, or was closing this connection for being idle: only another connection tells.
 * `unreachable`: nothing is known.
 * `garbled`: something is there that does not speak HTTP.
 */
export type ConnectionError = 'refused' | 'cut' | 'unreachable' | 'garbled';

const CUT = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'ERR_STREAM_WRITE_AFTER_END',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

export function connectionError(error: unknown): ConnectionError {
  // A host name with several addresses: all of them were tried.
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.every((each) => connectionError(each) === 'refused') ? 'refused' : 'unreachable';
  }
  const code = codeOf(error);
  if (code === 'ECONNREFUSED') return 'refused';
  if (code !== undefined && CUT.has(code)) return 'cut';
  // Complaints of the HTTP parser have a code of their own, and those of `ws` about an upgrade have none.
  return code === undefined || code.startsWith('HPE_') ? 'garbled' : 'unreachable';
}

/** @returns the code of a system error, or of Node's own. */
export function codeOf(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
