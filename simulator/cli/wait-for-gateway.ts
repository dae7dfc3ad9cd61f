import * as http from 'node:http';
import * as https from 'node:https';
import { pause } from './stop-signals.js';

const TRY_EVERY_MS = 200;
const ONE_TRY_MS = 2000;

/** One GET; resolves with the HTTP status, whatever it is, or rejects. `fetch` would refuse port 6000. */
function ask(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const { request } = url.startsWith('https:') ? https : http;
    // Whether the certificate is good is for the calls to find out; here only somebody has to be there.
    const outgoing = request(url, { timeout: ONE_TRY_MS, agent: false, rejectUnauthorized: false }, (response) => {
      response.resume();
      response.on('error', () => undefined);
      resolve(response.statusCode ?? 0);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/**
 * Waits until something answers HTTP at the webhook's address; a GET there is 405 in Parley, and any status will do.
 * @returns undefined once it answers or the wait is stopped; else why not, in words
 */
export async function waitForGateway(url: string, limitMs: number, stopped: AbortSignal): Promise<string | undefined> {
  const untilMs = performance.now() + limitMs;
  for (;;) {
    try {
      await ask(url);
      return undefined;
    } catch (error) {
      if (stopped.aborted) return undefined;
      const { code, message } = error as NodeJS.ErrnoException;
      if (performance.now() >= untilMs) return code ?? message;
    }
    await pause(TRY_EVERY_MS, stopped);
  }
}
