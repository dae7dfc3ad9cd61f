/** What a call must say or send to be sabotaged: nothing else ever holds it. */
export const SABOTAGE = {
  /** As the id of a tool call; it is part of the answer to the tool. */
  toolCallId: 'call_sabotage',
  /** As keys that the caller presses; the model is told of them digit by digit. */
  keys: '9070907',
  /** As audio of the assistant, in mu-law, after half a second of it: when that is sent, nobody but a timer is to blame. */
  audio: new Uint8Array(8_000).fill(0x55, 0, 4_000).fill(0x2a, 4_000),
};

const PRELOAD = `
import { createRequire } from 'node:module';
const { WebSocket } = createRequire(process.cwd() + '/')('ws');
const { send } = WebSocket.prototype;
const marked = /call_sabotage|9 0 7 0 9 0 7|(Kioq){20}/;
WebSocket.prototype.send = function (data, ...rest) {
  if (marked.test(String(data))) throw new Error('sabotage');
  return send.call(this, data, ...rest);
};
process.on('SIGUSR2', () => setImmediate(() => { throw new Error('sabotage'); }));
process.on('SIGWINCH', () => void Promise.reject(new Error('sabotage')));
`;

/**
 * For the environment of a gateway: code of ours throws in the middle of what it does for one call, as a mistake would.
 * The product knows nothing of it; Node loads it before the application. SIGUSR2 and SIGWINCH throw outside of any call.
 */
export const SABOTEUR = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(PRELOAD)}` };
