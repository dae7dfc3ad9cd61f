import { babble } from '../audio/signals.js';
import { pause } from '../cli/stop-signals.js';
import { Cluster } from '../cluster/cluster.js';
import { GatewayPod } from '../cluster/gateway-pod.js';
import { OtlpReceiver } from './otlp-receiver.js';
import { type TraceSpan } from './span.js';

const LIMIT_MS = 20_000;
const WORDS_MS = 900;
const LOUD_DBFS = -12;
const LOOK_EVERY_MS = 50;

/**
 * Holds a call whose pod is killed in the middle of the assistant's answer, and goes on at the other pod.
 * Out: the call's trace, as both pods have sent it. Rejects with NoRedisServer where there is none.
 */
export async function traceOverTwoPods(): Promise<TraceSpan[]> {
  const collector = await OtlpReceiver.start();
  const stopped = new AbortController().signal;
  try {
    const cluster = await Cluster.start(
      { pods: 2, env: { ...collector.traceSettings, LOG_LEVEL: 'info' }, realtime: { script: SCRIPT } },
      (env) => GatewayPod.start(env, stopped),
    );
    try {
      await holdCall(cluster);
      const last = await collector.waitFor(({ name }) => name === 'call.summary', LIMIT_MS);
      if (!last) throw new Error('no pod has sent the end of the trace');
      return collector.trace(last.traceId);
    } finally {
      await cluster.close();
    }
  } finally {
    await collector.close();
  }
}

const SCRIPT = {
  hears: ['Is there a table?', 'And on Friday?'],
  replies: [
    { text: 'Good evening.', durationMs: 900 },
    { text: 'There is one.', durationMs: 1_500 },
    { text: 'There is another one.', durationMs: 1_500 },
  ],
};

async function holdCall(cluster: Cluster<GatewayPod>): Promise<void> {
  const { telnyx } = cluster;
  const call = telnyx.placeCall();
  await call.waitForQuiet(100, LIMIT_MS);
  await call.say(babble(WORDS_MS, LOUD_DBFS));
  await call.waitFor('heard-audio', LIMIT_MS, 2);
  await pause(3 * LOOK_EVERY_MS, new AbortController().signal);
  const owner = await cluster.ownerOf(call);
  if (owner === undefined) throw new Error('no pod says that it has the call');
  const heardBefore = call.log.count('heard-audio');
  await cluster.kill(owner);
  // The pod that goes on has the rest of the answer said.
  await call.waitFor('heard-audio', LIMIT_MS, heardBefore + 1);
  await call.waitForQuiet(300, LIMIT_MS);
  const heard = call.log.count('heard-audio');
  await call.say(babble(WORDS_MS, LOUD_DBFS, 2));
  await call.waitFor('heard-audio', LIMIT_MS, heard + 1);
  await call.waitForQuiet(100, LIMIT_MS);
  call.hangUp();
  await cluster.waitForNoCalls(LIMIT_MS);
}
