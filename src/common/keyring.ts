import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { type Secret } from '../config/secret.js';
import { secretList } from '../config/secret-list.js';
import { type Clock } from './clock.js';

/**
 * A secret signs only when this process has known it for so long. By then every other pod has it too: the kubelet brings
 * a changed Secret to a pod within about a minute, the file is looked at every 5 s, and the rest is margin.
 */
export const KEY_SETTLE_MS = 3 * 60_000;

const KEY_BYTES = 32;
/** In a key id: enough to tell the few secrets of a ring apart, and too little to say anything about one. */
const KEY_ID_BYTES = 4;

export interface Signature {
  /** Which secret it was made with: 8 hexadecimal digits. */
  keyId: string;
  /** HMAC-SHA-256, 32 bytes. */
  mac: Buffer;
}

/** A key for one purpose, out of one secret. */
export interface PurposeKey {
  keyId: string;
  key: Buffer;
}

/**
 * The secrets of the deployment, newest first: signs with one of them, verifies with any, and also with those of the
 * list before the last change, so that a rotation refuses nothing that was made before it or is made elsewhere during it.
 *
 * Every purpose has keys of its own (HKDF-SHA-256), so that a signature made for one purpose is none for another.
 * Purposes are constants of the program: their keys are kept for as long as the secret is.
 */
export class Keyring {
  private present: readonly RingKey[] = [];
  private before: readonly RingKey[] = [];

  /** @param secret a list as `secretList` takes it apart; followed when it changes. */
  constructor(
    secret: Secret,
    private readonly clock: Clock,
  ) {
    // What is there at the start was there before us, but for the newest: that may have been added a moment ago.
    const [newest, ...older] = secretList(secret.value);
    const beforeNewest = [...older, ...secretList(secret.previous ?? '')].filter((text) => text !== newest);
    this.present = beforeNewest.map((text) => new RingKey(text));
    this.replace(secretList(secret.value));
    secret.onReplace(() => this.replace(secretList(secret.value)));
  }

  /** Signs with the newest secret that every pod knows. */
  sign(purpose: string, data: string | Buffer): Signature {
    const { keyId, key } = this.currentKey(`sign ${purpose}`);
    return { keyId, mac: mac(key, data) };
  }

  /** Whether one of our secrets signed this, for this purpose. Takes as long for a wrong signature as for a right one. */
  verify(purpose: string, data: string | Buffer, keyId: string, given: Buffer): boolean {
    return this.keysOf(`sign ${purpose}`, keyId).some((key) => {
      const expected = mac(key, data);
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
  }

  /** The key to make something new with. */
  currentKey(purpose: string): PurposeKey {
    const ringKey = this.current();
    return { keyId: ringKey.id, key: ringKey.keyFor(purpose) };
  }

  /** The keys that something with this key id may have been made with: mostly one, or none where it is not ours. */
  keysOf(purpose: string, keyId: string): Buffer[] {
    const named = [...this.present, ...this.before].filter(({ id }) => id === keyId);
    return [...new Set(named)].map((ringKey) => ringKey.keyFor(purpose));
  }

  private current(): RingKey {
    const settled = (key: RingKey): boolean => this.clock.nowMs() - key.knownSinceMs >= KEY_SETTLE_MS;
    const current =
      this.present.find(settled) ??
      // It stayed while the list changed, so it is everywhere, although this process has not known it for long.
      this.present.find((key) => this.before.includes(key)) ??
      // Replaced at one stroke: the others may have nothing but the list of before yet.
      this.before.find(settled) ??
      this.before[0] ??
      this.present[0];
    if (!current) throw new Error('a keyring without a secret');
    return current;
  }

  private replace(secrets: readonly string[]): void {
    if (secrets.length === this.present.length && this.present.every((key, at) => key.isOf(secrets[at]))) return;
    const known = [...this.present, ...this.before];
    const nowMs = this.clock.nowMs();
    this.before = this.present;
    this.present = secrets.map((text) => known.find((key) => key.isOf(text)) ?? new RingKey(text, nowMs));
  }
}

/** One secret of the ring, with what is derived from it. */
class RingKey {
  readonly id: string;
  readonly #secret: string;
  readonly #keys = new Map<string, Buffer>();

  /** @param knownSinceMs on the ring's clock; the default is since ever. */
  constructor(
    secret: string,
    public knownSinceMs = -Infinity,
  ) {
    this.#secret = secret;
    this.id = derive(secret, 'key id', KEY_ID_BYTES).toString('hex');
  }

  isOf(secret: string | undefined): boolean {
    return this.#secret === secret;
  }

  keyFor(purpose: string): Buffer {
    const known = this.#keys.get(purpose);
    if (known) return known;
    const key = derive(this.#secret, `key for ${purpose}`, KEY_BYTES);
    this.#keys.set(purpose, key);
    return key;
  }
}

/** HKDF is enough: the secrets are long and random, so there is nothing to slow a guesser down for. */
function derive(secret: string, info: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `parley v1 ${info}`, bytes));
}

function mac(key: Buffer, data: string | Buffer): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
