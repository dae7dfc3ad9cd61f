// Run by `helm test` in the gateway's image: node gateway.mjs PUBLIC_ORIGIN MANAGEMENT_ORIGIN, from Parley's folder.
// It has the gateway's settings and secrets, so it can make a stream token as the gateway does.
import { Buffer } from 'node:buffer';
import { request } from 'node:http';
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';

const [publicOrigin, managementOrigin] = process.argv.slice(2);
const LIMIT_MS = 10_000;

const own = (path) => import(pathToFileURL(resolve('dist/src', path)).href);

/** The status of a request; 101 where an upgrade was taken. */
function statusOf(url, options = {}, body = undefined) {
  return new Promise((done, fail) => {
    const sent = request(url, { timeout: LIMIT_MS, ...options }, (response) => {
      response.resume();
      done(response.statusCode);
    });
    sent.on('upgrade', (response, socket) => {
      // Without a first frame no call comes of it.
      socket.destroy();
      done(response.statusCode);
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${LIMIT_MS} ms`)));
    sent.on('error', fail);
    sent.end(body);
  });
}

const upgrade = (path) =>
  statusOf(`${publicOrigin}${path}`, {
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': Buffer.from('helm test, 16 by').toString('base64'),
    },
  });

async function streamToken() {
  const [{ loadConfig }, { Keyring }, { signStreamToken }] = await Promise.all([
    own('config/load-config.js'),
    own('common/keyring.js'),
    own('calls/stream-token.js'),
  ]);
  const { config } = loadConfig(process.env);
  const keyring = new Keyring(config.stream.tokenSecret, { nowMs: () => performance.now() });
  const claims = { callControlId: 'helm-test', issuedAtS: Math.floor(Date.now() / 1000), attempt: 0, epoch: 0 };
  const pod = { uid: 'helm-test', bootId: 'helm-test', name: 'helm-test', address: '127.0.0.1:1' };
  return signStreamToken({ ...claims, baseUrl: publicOrigin, pod }, keyring);
}

const checks = [
  ['GET / is answered', 200, () => statusOf(`${publicOrigin}/`)],
  ['the pod is ready', 200, () => statusOf(`${managementOrigin}/readyz`)],
  ['metrics are served', 200, () => statusOf(`${managementOrigin}/metrics`)],
  ['health is not public', 404, () => statusOf(`${publicOrigin}/readyz`)],
  [
    'a webhook without a signature is refused',
    process.env.WEBHOOK_SIGNATURE === 'off' ? 400 : 401,
    () => statusOf(`${publicOrigin}/webhooks/`, { method: 'POST' }, '{}'),
  ],
  [
    'a media stream without a token is refused',
    process.env.STREAM_AUTH === 'off' ? 101 : 401,
    () => upgrade('/media-stream'),
  ],
  ['a media stream with a token is let in', 101, async () => upgrade(`/media-stream/${await streamToken()}`)],
];

let failed = 0;
for (const [what, expected, ask] of checks) {
  const got = await ask().catch((error) => error.message);
  if (got !== expected) failed++;
  console.log(
    `${got === expected ? 'ok    ' : 'FAILED'} ${what}: ${got}${got === expected ? '' : `, not ${expected}`}`,
  );
}
process.exit(failed === 0 ? 0 : 1);
