import { TestPod } from './test-pod.js';

/**
 * A pod in a process of its own, to be killed: `node --import ./typescript-hooks.mjs pod-process.ts <boot id> <port>`.
 * Says its identity on a line of JSON, and relays every relayed socket's frames back.
 */
const [bootId, port] = process.argv.slice(2);
const pod = await TestPod.start({ bootId: bootId ?? '', port: Number(port) });
pod.peers.onRelay(({ socket }) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
});
process.stdout.write(`${JSON.stringify(pod.identity)}\n`);
