import { randomBytes } from 'node:crypto';

/** The prefixes of the ids that the Realtime API hands out. */
export type IdPrefix = 'sess' | 'conv' | 'event' | 'item' | 'resp' | 'call';

/** A fresh id such as `item_Xk3…`: 27 characters at most, so that it also fits where the API allows only 32. */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_${randomBytes(16).toString('base64url').replace(/[-_]/g, '0')}`;
}
