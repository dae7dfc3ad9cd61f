import { type IncomingHttpHeaders } from 'node:http';
import { WebSocket } from 'ws';
import { type Check, type CheckResult, fail, ok, skip, warn } from '../check.js';
import { explainNetwork } from '../explain-network.js';
import { publicBase, webSocketUrl } from '../public-base.js';
import { judgeProxy, NO_PUBLIC_URL } from './public-address.js';

/** A path of the media stream with a token that nobody signed. */
const PROBE_PATH = '/media-stream/doctor-probe';

/** What came of an upgrade. */
export type UpgradeOutcome =
  | { kind: 'open' }
  | { kind: 'answer'; status: number; headers: IncomingHttpHeaders }
  | { kind: 'timeout' }
  | { kind: 'error'; error: unknown };

/** Upgrades get through to the gateway when the gateway itself refuses one without a token. */
export const publicWebSocket: Check = {
  name: 'media stream through it',
  async run(context) {
    const base = publicBase(context);
    if (base === undefined) return skip(NO_PUBLIC_URL);
    const url = webSocketUrl(base, PROBE_PATH);
    return judgeUpgrade(await tryUpgrade(url, context.timeoutMs), url, context.config.stream.auth);
  },
};

/** Opens a WebSocket and reports what happened, with nothing left open. Never rejects. */
export function tryUpgrade(url: URL, timeoutMs: number): Promise<UpgradeOutcome> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { perMessageDeflate: false, followRedirects: false });
    const timer = setTimeout(() => finish({ kind: 'timeout' }), timeoutMs);
    const finish = (outcome: UpgradeOutcome): void => {
      clearTimeout(timer);
      resolve(outcome);
      socket.terminate();
    };
    // Stays attached: `terminate` while connecting is reported as an error, too.
    socket.on('error', (error) => finish({ kind: 'error', error }));
    socket.on('open', () => finish({ kind: 'open' }));
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      finish({ kind: 'answer', status: response.statusCode ?? 0, headers: response.headers });
    });
  });
}

export function judgeUpgrade(outcome: UpgradeOutcome, url: URL, auth: 'token' | 'off'): CheckResult {
  switch (outcome.kind) {
    case 'timeout':
      return fail(
        `${url.href}: no answer to the upgrade`,
        'let WebSockets through the proxy; some hold the upgrade back',
      );
    case 'error': {
      const { detail, fix } = explainNetwork(outcome.error);
      return fail(`${url.href}: ${detail}`, fix);
    }
    case 'open':
      return auth === 'off'
        ? warn('is open to everyone', 'take STREAM_AUTH=off away before real calls')
        : fail(
            `${url.href} accepts a stream without a token`,
            'the running gateway has STREAM_AUTH=off, or it is not Parley: restart it with the configuration checked here',
          );
    case 'answer':
      return judgeAnswer(outcome, url, auth);
  }
}

function judgeAnswer(
  answer: { status: number; headers: IncomingHttpHeaders },
  url: URL,
  auth: 'token' | 'off',
): CheckResult {
  const between = judgeProxy(answer, url);
  if (between !== undefined) return between;
  const { status } = answer;
  if (status === 401) return ok('upgrades get through (one without a token is refused with 401)');
  if (status === 404 && auth === 'off')
    return ok('upgrades get through (this path is unknown while STREAM_AUTH is off)');
  if (status === 404) {
    return fail(
      `${url.href} answers 404`,
      'the proxy drops the Upgrade header, or changes the path: allow WebSockets for /media-stream and pass it on unchanged',
    );
  }
  if (status === 400 || status === 426) {
    return fail(
      `${url.href} answers ${status}: the upgrade was not understood`,
      'let the proxy speak HTTP/1.1 to the gateway and pass Upgrade and Connection on',
    );
  }
  if (status === 200) {
    return fail(
      `${url.href} answers 200 as to a page: the upgrade was ignored`,
      'allow WebSockets in the proxy, and point it to the public port (PORT, 6000)',
    );
  }
  return fail(
    `${url.href} answers ${status} to the upgrade`,
    'let WebSockets for /media-stream through to the gateway',
  );
}
