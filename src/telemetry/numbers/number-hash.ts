import { createHmac, hkdfSync } from 'node:crypto';
import { callerOf } from '../../calls/caller-rate.js';
import { type Clock } from '../../common/clock.js';
import { Keyring } from '../../common/keyring.js';
import { type Config, Secret } from '../../config/config.js';
import { secretList } from '../../config/secret-list.js';

/** Of 64 hexadecimal digits: 80 bits, so that two of a thousand million numbers share a hash once in a million deployments. */
const HASH_DIGITS = 20;
const PURPOSE = 'number hash';

type HashSettings = {
  telemetry: Pick<Config['telemetry'], 'numberHashSecret'>;
  stream: Pick<Config['stream'], 'tokenSecret'>;
};

/**
 * The hash of a phone number, the same however the number is written (`+49 30 12345`, `004930-12345`, `tel:+493012345`).
 * @returns undefined for a number that is withheld.
 */
export function hashNumber(number: string | undefined, key: Buffer): string | undefined {
  const same = callerOf(number);
  if (same === undefined) return undefined;
  return createHmac('sha256', key).update(same).digest('hex').slice(0, HASH_DIGITS);
}

/** The key that numbers are hashed with now. It has no other use: what signs tokens cannot be learned from hashes. */
export function currentHashKey({ telemetry }: HashSettings, keyring: Keyring): Buffer {
  const own = telemetry.numberHashSecret;
  return own ? ownKey(own) : keyring.currentKey(PURPOSE).key;
}

/** Every key that numbers may have been hashed with, newest first: several while one secret replaces another. */
export function allHashKeys({ telemetry, stream }: HashSettings, clock: Clock): Buffer[] {
  const own = telemetry.numberHashSecret;
  if (own) return [ownKey(own)];
  return secretList(stream.tokenSecret.value).map(
    (secret) => new Keyring(new Secret(secret), clock).currentKey(PURPOSE).key,
  );
}

/** Read at the moment of use: a secret that comes from a file may change. */
function ownKey(secret: Secret): Buffer {
  return Buffer.from(hkdfSync('sha256', secret.value, '', `parley v1 ${PURPOSE}`, 32));
}
