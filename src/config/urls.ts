import { isIP } from 'node:net';
import { fromText, problem, Problem } from './schemas.js';

/** True for `localhost` and addresses that never leave the machine. Takes a URL's hostname (IPv6 in brackets). */
export function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Azure OpenAI: the model is a deployment's name there, and the key travels in its own header. */
export function isAzure(url: string): boolean {
  return /\.(openai\.azure\.com|cognitiveservices\.azure\.com|services\.ai\.azure\.com)$/.test(new URL(url).hostname);
}

function parse(text: string, protocols: readonly string[], example: string): URL | Problem {
  if (!URL.canParse(text)) return problem(`is not a URL; write it like ${example}`);
  const url = new URL(text);
  if (!protocols.includes(url.protocol)) {
    return problem(`must begin with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}, like ${example}`);
  }
  if (url.username !== '' || url.password !== '') return problem('must not carry a user name or password');
  if (url.hash !== '') return problem('must not have a #fragment');
  return url;
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '');
}

/** OPENAI_REALTIME_URL: `ws:` or `wss:`; the model is asked for by another variable. */
export const realtimeUrl = fromText((text) => {
  const url = parse(text, ['wss:', 'ws:'], 'wss://api.openai.com/v1/realtime');
  if (url instanceof Problem) return url;
  if (url.searchParams.has('model') || url.searchParams.has('deployment')) {
    return problem('must not name the model; that is OPENAI_REALTIME_MODEL');
  }
  if (url.searchParams.has('api-version')) {
    return problem("is Azure's old preview URL; the current one is wss://RESOURCE.openai.azure.com/openai/v1/realtime");
  }
  return `${url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin}${withoutSlash(url.pathname)}${url.search}`;
});

/** TELNYX_BASE_URL: `http:` or `https:`, without a slash at the end. */
export const apiBaseUrl = fromText((text) => {
  const url = parse(text, ['https:', 'http:'], 'https://api.telnyx.com/v2');
  if (url instanceof Problem) return url;
  if (url.search !== '') return problem('must not have a ?query');
  return `${url.origin}${withoutSlash(url.pathname)}`;
});

/**
 * PUBLIC_URL, as the base of `stream_url`: http and https are read as their WebSocket twins, and everything that is not
 * the machine itself becomes `wss:`, because a caller's voice does not cross a network in the clear. The path has no
 * slash at its end (`/` when there is none).
 */
export const publicUrl = fromText((text) => {
  const url = parse(text, ['https:', 'wss:', 'http:', 'ws:'], 'https://voice.example.com');
  if (url instanceof Problem) return url;
  if (url.search !== '') return problem('must not have a ?query; give only https://host and, if there is one, a path');
  const plain = (url.protocol === 'http:' || url.protocol === 'ws:') && isLoopback(url.hostname);
  return new URL(`${plain ? 'ws' : 'wss'}://${url.host}${withoutSlash(url.pathname)}`);
});

/** REPORT_URL: where callers' words are sent, so only encrypted, except to the machine itself. */
export const reportUrl = fromText((text) => {
  const url = parse(text, ['https:', 'http:'], 'https://example.com/calls');
  if (url instanceof Problem) return url;
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return problem('must begin with https://, because what callers said is sent there');
  }
  return url.href;
});

/** REDIS_URL, checked; it may hold a password, so it is kept as it is and taken apart (`redisPlace`) at each connection. */
export const redisUrl = fromText((text) => {
  const example = 'redis://redis:6379';
  if (!URL.canParse(text)) return problem(`is not a URL; write it like ${example}`);
  const url = new URL(text);
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') {
    return problem(`must begin with redis:// or rediss://, like ${example}`);
  }
  if (url.hostname === '') return problem(`names no host; write it like ${example}`);
  if (!/^\/?\d{0,5}$/.test(url.pathname)) return problem('must end in the number of a database, or in nothing');
  if (url.search !== '' || url.hash !== '') return problem('must not have a ?query or a #fragment');
  try {
    decodeURIComponent(url.username + url.password);
  } catch {
    return problem('has a % in its user or password that begins no escape; write it as %25');
  }
  return text;
});
