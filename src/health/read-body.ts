import { type IncomingMessage } from 'node:http';

/**
 * Reads a request's body to its end. What comes beyond the bound is thrown away as it comes, so that the peer still gets
 * an answer instead of a reset. (Node's own `buffer()` of a stream has no bound; Express has a reader like this one, as
 * middleware of its applications, and this listener is none.)
 *
 * @returns the body, or undefined where it is longer than `maxBytes`. Rejects when the peer leaves before its end.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    request.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes <= maxBytes) pieces.push(piece);
      else pieces.length = 0;
    });
    request.once('end', () => resolve(bytes <= maxBytes ? Buffer.concat(pieces, bytes) : undefined));
    request.once('error', reject);
    request.once('close', () => reject(new Error('the peer left before the end of its request')));
  });
}
