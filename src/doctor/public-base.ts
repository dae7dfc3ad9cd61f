import { type CallControlApplication, type DoctorContext } from './check.js';

/** Path of the webhooks below the public address. */
export const WEBHOOK_PATH = '/webhooks/';

/** A path below a base URL whose own path may be `/` or `/something`, as http(s). */
export function httpUrl(base: URL, path: string): URL {
  return below(base, path, base.protocol === 'ws:' || base.protocol === 'http:' ? 'http:' : 'https:');
}

/** The same as ws(s). */
export function webSocketUrl(base: URL, path: string): URL {
  return below(base, path, base.protocol === 'ws:' || base.protocol === 'http:' ? 'ws:' : 'wss:');
}

function below(base: URL, path: string, protocol: string): URL {
  return new URL(`${protocol}//${base.host}${base.pathname.replace(/\/+$/, '')}${path}`);
}

/** True when both lead to the same place: schemes, a slash at the end and the case of the host do not count. */
export function samePlace(a: string | undefined, b: URL): boolean {
  if (a === undefined || !URL.canParse(a)) return false;
  const url = new URL(a);
  const path = (of: URL): string => of.pathname.replace(/\/+$/, '');
  return url.host === b.host && path(url) === path(b);
}

/** The public address as an application's webhook URL tells it; undefined when that does not end in `/webhooks`. */
export function baseOf(application: CallControlApplication | undefined): URL | undefined {
  const url = application?.webhook_event_url;
  if (url === undefined || !URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  const match = /^(.*)\/webhooks\/?$/.exec(parsed.pathname);
  return match === null ? undefined : new URL(`${parsed.protocol}//${parsed.host}${match[1] ?? ''}`);
}

/** Where the gateway is reached: as configured, else as the application that was found says. */
export function publicBase(context: DoctorContext): URL | undefined {
  return context.config.stream.publicUrl ?? baseOf(context.found.application);
}
