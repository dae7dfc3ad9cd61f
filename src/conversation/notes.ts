/**
 * What the model is told besides the caller's words. Always as items of the conversation: instructions given with a
 * single response would replace the assistant's own, and changed ones would void the prompt cache.
 */

/** The greeting, said in its own words. */
export function openWith(greeting: string): string {
  return `The call has just been answered. Open it now by saying this, in these words: "${greeting}"`;
}

/** Follows what was said so far, in a session that takes the place of a lost one. */
export const RESUMED =
  'The connection to you was renewed in the middle of this phone call. The messages above are what was said so far. ' +
  'Go on with the same conversation in the same language. Do not greet again and do not mention the connection.';
