/**
 * Base of the media stream's URL: PUBLIC_URL where it is set, else the origin of the signed `meta.delivered_to` (the
 * address Telnyx reached us at). Never an unsigned header. Always `wss` for what comes from a webhook.
 * @returns undefined where neither is usable.
 */
export function streamBaseUrl(publicUrl: URL | undefined, deliveredTo: string | undefined): string | undefined {
  if (publicUrl) return `${publicUrl.protocol}//${publicUrl.host}${publicUrl.pathname.replace(/\/+$/, '')}`;
  if (!deliveredTo || !URL.canParse(deliveredTo)) return undefined;
  const { protocol, host } = new URL(deliveredTo);
  return (protocol === 'https:' || protocol === 'http:') && host ? `wss://${host}` : undefined;
}

/** The path under which media streams arrive. */
export const STREAM_PATH = '/media-stream';
