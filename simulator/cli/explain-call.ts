/** What the Telnyx double saw of one call. */
export interface CallEvidence {
  /** Attempts to deliver this call's webhooks, oldest first. */
  deliveries: readonly { event_type: string; status: number | undefined; error: string | undefined }[];
  /** Commands that the gateway sent for this call. */
  requests: readonly { action: string; status: number | undefined; body: Readonly<Record<string, unknown>> }[];
  events: readonly { name: string; detail?: string | undefined }[];
}

/** What the user has told the gateway, or has to. */
export interface DoubleAddresses {
  webhookUrl: string;
  restUrl: string;
  apiKey: string;
  publicKey: string;
}

/**
 * Why a call did not come up, as far as the double can know, with what to do about it. In: what happened. Out: one
 * sentence or two; undefined when the call came up and audio was heard.
 */
export function explainCall(evidence: CallEvidence, addresses: DoubleAddresses): string | undefined {
  const { events } = evidence;
  const happened = (name: string): boolean => events.some((event) => event.name === name);
  if (happened('rejected'))
    return 'the gateway rejected the call: is it full, draining, too busy, or has this number called too often?';
  if (!happened('answered')) return notAnswered(evidence, addresses);
  if (!happened('stream-started')) return noStream(evidence);
  if (!happened('heard-audio')) return noAudio(evidence);
  return undefined;
}

function notAnswered({ deliveries, requests }: CallEvidence, addresses: DoubleAddresses): string {
  const { webhookUrl, restUrl, apiKey, publicKey } = addresses;
  const delivery = deliveries.findLast(({ event_type: type }) => type.startsWith('call.initiated'));
  const status = delivery?.status;
  if (delivery === undefined) return 'its webhook call.initiated was never delivered (a fault or a switch?)';
  if (status === undefined)
    return `nobody took the webhook at ${webhookUrl} (${delivery.error ?? 'no answer'}): is the gateway running there?`;
  if (status === 401 || status === 403)
    return (
      `the gateway refused the webhook's signature (${status}): give it TELNYX_PUBLIC_KEY=${publicKey} ` +
      '(use --key-file, so that the key is the same in every run)'
    );
  if (status === 404 || status === 405)
    return `${webhookUrl} takes no webhooks (${status}): --webhook-url must have the path too, such as /webhooks/`;
  if (status < 200 || status > 299) return `the gateway answered the webhook call.initiated with ${status}`;
  const refused = requests.findLast((request) => request.status !== undefined && request.status >= 400);
  if (refused?.status === 401)
    return `the gateway's command '${refused.action}' had a wrong key: give it TELNYX_API_KEY=${apiKey}, or set --api-key`;
  if (refused !== undefined) return `the gateway's command '${refused.action}' was refused with ${refused.status}`;
  if (requests.length === 0)
    return `the gateway took the webhook and sent no command: point it at this Telnyx with TELNYX_BASE_URL=${restUrl}`;
  return `the gateway sent only ${requests.map(({ action }) => action).join(', ')}`;
}

function noStream({ events, requests }: CallEvidence): string {
  const request = requests.findLast(({ body }) => typeof body['stream_url'] === 'string');
  if (request === undefined) return "the gateway answered without a stream_url, and sent no 'streaming_start'";
  // The path may carry a token.
  const origin = originOf(String(request.body['stream_url']));
  const failure = events.findLast(({ name }) => name === 'stream-failed')?.detail;
  return (
    `the media stream to ${origin} did not open${failure ? ` (${failure})` : ''}: ` +
    'if that address is not reachable from here, send streams elsewhere with --stream-to ws://HOST:PORT'
  );
}

function noAudio({ requests, events }: CallEvidence): string {
  const error = events.find(({ name }) => name === 'app-error')?.detail;
  if (error !== undefined) return `the gateway's media frames were refused: ${error}`;
  const stream = requests.findLast(({ body }) => body['stream_url'] !== undefined)?.body ?? {};
  if (stream['stream_bidirectional_mode'] !== 'rtp')
    return 'nothing could be heard: the gateway did not ask for stream_bidirectional_mode "rtp"';
  const legs = stream['stream_bidirectional_target_legs'];
  return (
    'the media stream was open, but no audio reached the caller: does the gateway speak first? If not, use --caller-first. ' +
    `It asked for stream_bidirectional_target_legs "${typeof legs === 'string' ? legs : 'opposite'}"; ` +
    'the switch targetLegs says which one the caller hears'
  );
}

function originOf(url: string): string {
  try {
    const { protocol, host } = new URL(url);
    return `${protocol}//${host}`;
  } catch {
    return url;
  }
}
