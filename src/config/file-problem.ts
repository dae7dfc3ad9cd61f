/** Why a file could not be read, in words. In: what `readFile` threw. */
export function fileProblem(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not read it';
  if (code === 'EISDIR') return 'it is a folder';
  return `it cannot be read${code === undefined ? '' : ` (${code})`}`;
}
