/** What went wrong below HTTP, and what to do about it. */
export interface Explanation {
  detail: string;
  fix: string;
}

const CERTIFICATE_CHAIN = 'serve the full certificate chain of a public authority; Telnyx checks it as strictly';

const BY_CODE: Readonly<Record<string, Explanation>> = {
  ENOTFOUND: {
    detail: 'the host name does not exist in DNS',
    fix: 'check the spelling of the host, or its DNS record',
  },
  EAI_AGAIN: { detail: 'DNS does not answer', fix: 'check the DNS settings of this machine or pod' },
  ECONNREFUSED: { detail: 'nothing listens there (connection refused)', fix: 'start it, or check the port' },
  ECONNRESET: { detail: 'the connection was cut', fix: 'check proxies and firewalls on the way' },
  EPIPE: { detail: 'the connection was cut', fix: 'check proxies and firewalls on the way' },
  ETIMEDOUT: { detail: 'no answer (timeout)', fix: 'check firewalls on the way, outgoing ones too' },
  EHOSTUNREACH: { detail: 'there is no way to that host', fix: 'check the network and the address' },
  ENETUNREACH: { detail: 'there is no way to that network', fix: 'check the network of this machine or pod' },
  CERT_HAS_EXPIRED: { detail: 'the certificate has expired', fix: 'renew it' },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    detail: 'the certificate is for another host name',
    fix: 'give the host a certificate with its own name in it',
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: { detail: 'the certificate is self-signed', fix: CERTIFICATE_CHAIN },
  SELF_SIGNED_CERT_IN_CHAIN: { detail: 'the certificate comes from a private authority', fix: CERTIFICATE_CHAIN },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { detail: 'the certificate chain is incomplete', fix: CERTIFICATE_CHAIN },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: {
    detail: 'the certificate comes from an unknown authority',
    fix: CERTIFICATE_CHAIN,
  },
  EPROTO: { detail: 'the other side does not speak TLS there', fix: 'check the scheme (https or wss) and the port' },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    detail: 'the other side does not speak TLS there',
    fix: 'check the scheme (https or wss) and the port',
  },
};

/** In: what a socket, a request or an SDK threw. Out: the cause in words, with its code when it is not a known one. */
export function explainNetwork(error: unknown): Explanation {
  const codes = errorCodes(error);
  for (const code of codes) {
    const known = BY_CODE[code];
    if (known !== undefined) return known;
  }
  const name = codes[0] ?? innermostMessage(error) ?? 'unknown error';
  return { detail: `the connection failed (${name})`, fix: 'check the address and the network on the way' };
}

/** Deeper chains than any library builds, and an end if an error causes itself. */
const MOST_CAUSES = 5;

/** An error by its shape, not by its class: it may come from another realm, or be no Error at all. */
interface ErrorShape {
  code?: unknown;
  message?: unknown;
  errors?: unknown;
}

/** An error and what caused it, outermost first. SDKs and `fetch` wrap the one that tells something. */
function causes(error: unknown): ErrorShape[] {
  const chain: ErrorShape[] = [];
  let current: unknown = error;
  while (chain.length < MOST_CAUSES && typeof current === 'object' && current !== null) {
    chain.push(current);
    current = (current as { cause?: unknown }).cause;
  }
  return chain;
}

function errorCodes(error: unknown): string[] {
  return causes(error).flatMap(({ code, errors }) => {
    if (typeof code === 'string') return [code];
    return Array.isArray(errors) ? errors.flatMap((inner) => errorCodes(inner)) : [];
  });
}

function innermostMessage(error: unknown): string | undefined {
  const message = causes(error).at(-1)?.message;
  return typeof message === 'string' && message !== '' ? message : undefined;
}
