import { TelnyxWebhook } from 'telnyx/lib/webhooks';

/**
 * Checks a webhook's Ed25519 signature over `timestamp|body` and that its timestamp is within 300 s of now, with
 * Telnyx's own library.
 * @param body the exact bytes that came, as text.
 * @param publicKeys base64 of 32 bytes each; several while a key is being rotated.
 * @returns true if any of the keys verifies it.
 */
export async function isGenuine(
  body: string,
  headers: Record<string, string>,
  publicKeys: readonly string[],
): Promise<boolean> {
  for (const key of publicKeys) {
    try {
      await new TelnyxWebhook(key).verify(body, headers);
      return true;
    } catch {
      // Wrong for this key. The library's message may quote the signature, so it goes nowhere.
    }
  }
  return false;
}
