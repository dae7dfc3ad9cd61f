import { randomBytes } from 'node:crypto';

let made = 0;

/**
 * A `call_control_id` in Telnyx's shape: `v3:` and URL-safe base64 with `-` and `_`. Every other one ends in `=`, which is
 * what breaks apps that put it into a URL or a key unescaped.
 */
export function newCallControlId(): string {
  const part = (bytes: number): string => randomBytes(bytes).toString('base64url');
  return `v3:${part(18)}-${part(9)}_${part(9)}${made++ % 2 === 0 ? '=' : ''}`;
}
