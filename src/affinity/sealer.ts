/** Encrypts what is kept of a call outside this process (`Seal` is one). */
export interface Sealer {
  /** @param context what it belongs to; it opens only there. */
  seal(plain: Buffer, context: string): Buffer;
  /** @returns undefined for what was not sealed so. */
  unseal(sealed: Buffer, context: string): Buffer | undefined;
}
