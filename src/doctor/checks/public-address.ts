import { type Check, type CheckResult, fail, ok, skip, warn } from '../check.js';
import { explainNetwork } from '../explain-network.js';
import { type HttpAnswer, httpRequest } from '../http-request.js';
import { httpUrl, publicBase, WEBHOOK_PATH } from '../public-base.js';

const RUNNING = 'Media Stream Server is running!';
export const NO_PUBLIC_URL = 'the public address is unknown: PUBLIC_URL is not set and no application tells it';

/** `GET /` from outside: DNS, certificate, tunnel or ingress, and that it is Parley at the end of them. */
export const publicAddress: Check = {
  name: 'public address',
  async run(context) {
    const base = publicBase(context);
    if (base === undefined) return warn(NO_PUBLIC_URL, 'set PUBLIC_URL to have the way from outside checked');
    const url = httpUrl(base, '/');
    try {
      return judgeRoot(await httpRequest(url, { timeoutMs: context.timeoutMs }), url);
    } catch (error) {
      const { detail, fix } = explainNetwork(error);
      return fail(
        `${url.href}: ${detail}`,
        `${fix}; the gateway (npm start) and its tunnel or ingress must be running`,
      );
    }
  },
};

/** An unsigned webhook must reach the gateway and be refused by it. */
export const webhookAddress: Check = {
  name: 'webhook address',
  async run(context) {
    const base = publicBase(context);
    if (base === undefined) return skip(NO_PUBLIC_URL);
    const url = httpUrl(base, WEBHOOK_PATH);
    try {
      const answer = await httpRequest(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
        timeoutMs: context.timeoutMs,
      });
      return judgeWebhook(answer, url, context.config.telnyx.webhookSignature);
    } catch (error) {
      const { detail, fix } = explainNetwork(error);
      return fail(`${url.href}: ${detail}`, fix);
    }
  },
};

export function judgeRoot(answer: HttpAnswer, url: URL): CheckResult {
  const between = judgeProxy(answer, url);
  if (between !== undefined) return between;
  if (answer.status === 200 && message(answer.body) === RUNNING) return ok(`${url.href} answers (${answer.tookMs} ms)`);
  if (answer.status === 404) {
    return fail(
      `${url.href} answers 404`,
      'something answers there that is not Parley, or under another path: correct PUBLIC_URL or the route',
    );
  }
  return fail(
    `${url.href} answers ${answer.status}, and not as Parley does`,
    'point the tunnel or ingress to the public port (PORT, 6000)',
  );
}

export function judgeWebhook(answer: HttpAnswer, url: URL, signature: 'on' | 'off'): CheckResult {
  const between = judgeProxy(answer, url);
  if (between !== undefined) return between;
  const wanted = signature === 'on' ? 401 : 400;
  if (answer.status === wanted) return ok(`webhooks reach the gateway (an empty one is refused with ${wanted})`);
  if (signature === 'on' && (answer.status === 200 || answer.status === 400)) {
    return fail(
      `${url.href} takes an unsigned webhook (answers ${answer.status})`,
      'the running gateway has WEBHOOK_SIGNATURE=off, or it is not Parley: restart it with the configuration checked here',
    );
  }
  return fail(`${url.href} answers ${answer.status} to a webhook`, 'route POST to the gateway on this path, unchanged');
}

/** Answers that come from what stands before the gateway; undefined when this one does not. */
export function judgeProxy(
  { status, headers }: Pick<HttpAnswer, 'status' | 'headers'>,
  url: URL,
): CheckResult | undefined {
  const tunnel = headers['ngrok-error-code'];
  if (tunnel !== undefined) {
    return fail(
      `the tunnel answers with ${String(tunnel)}`,
      'start the tunnel again, and point it to the public port (PORT, 6000)',
    );
  }
  if (status >= 300 && status < 400) {
    return fail(
      `${url.href} redirects to ${headers.location ?? 'elsewhere'}`,
      'use the address it redirects to, or switch the redirect off',
    );
  }
  if (status === 401 && headers['www-authenticate'] !== undefined) {
    return fail(
      `${url.href} asks for a password`,
      'take the password off for this host; webhooks and streams are signed',
    );
  }
  if (status === 403) {
    return fail(`${url.href} is forbidden (403)`, 'let Telnyx through the firewall or the bot protection of the proxy');
  }
  if (status === 502 || status === 503 || status === 504) {
    return fail(
      `${url.href} answers ${status}: the proxy is there, the gateway behind it is not`,
      'start the gateway (npm start), and point the tunnel or ingress to the public port (PORT, 6000)',
    );
  }
  return undefined;
}

function message(body: string): unknown {
  try {
    return (JSON.parse(body) as { message?: unknown } | null)?.message;
  } catch {
    return undefined;
  }
}
