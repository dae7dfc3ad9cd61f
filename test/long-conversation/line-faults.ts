import { pause, speakingMs } from '../support/staged-talk.js';
import { type Beat, type Scene } from './scene.js';

export const badLine: Beat = async ({ talk }) => {
  const { call } = talk;
  const words = 'The line is bad where I am, can you hear me at all?';
  talk.plan({ text: 'I can hear you.' });
  await talk.hearing(async () => {
    const said = talk.says(words);
    for (const fault of [
      () => call.swapNextChunks(),
      () => call.loseChunks(3),
      () => call.holdFrames(300),
      () => call.sendRaw('{"event":"weather","rain":true}'),
      () => call.sendRaw('{"event":'),
      () => call.sendRaw('{"event":"error","payload":{"code":100002,"title":"unknown","detail":"unknown"}}'),
    ]) {
      await pause(400);
      fault();
    }
    await said;
  });
  return [`caller: ${words}`, 'assistant: I can hear you.'];
};

/** The assistant is in the middle of a sentence, which the caller hears to its end on the next socket. */
export const redialled: Beat = async ({ talk }) => {
  const long = 'Then I note a birthday cake with plums and cream, for Friday, at five in the afternoon.';
  await talk.asksAndHears(1_500, 'Please take the order.', { text: long, durationMs: speakingMs(long) });
  const sockets = talk.call.streams.length;
  await talk.hearing(() => talk.call.dropMediaSocket('abrupt', 'redial', 400));
  expect(talk.call.streams).toHaveLength(sockets + 1);
  return ['caller: Please take the order.', `assistant: ${long}`];
};

export const startedAnew: Beat = async (scene) => {
  const { talk, telnyx } = scene;
  telnyx.faults.rest.next('streaming_start', { kind: 'error', status: 500, code: '90000' });
  const before = starts(scene);
  await nextStream(scene, () => talk.call.dropMediaSocket('abrupt', 'nothing'));
  expect(starts(scene)).toBe(before + 2);
  await talk.asks('Hello, are you there?', { text: 'I am.' });
  return ['caller: Hello, are you there?', 'assistant: I am.'];
};

/** The command to start it anew takes effect, and is not answered. */
export const streamingFailed: Beat = async (scene) => {
  const { talk, telnyx } = scene;
  telnyx.faults.rest.next('streaming_start', { kind: 'timeout', effect: true });
  await nextStream(scene, () => talk.call.dropMediaSocket('abrupt', 'webhook', 50));
  await talk.asks('And now?', { text: 'I still hear you.' });
  return ['caller: And now?', 'assistant: I still hear you.'];
};

export const callerSideStopsReading: Beat = async ({ talk }) => {
  const long = 'The cake has three layers, and between them there is cream, and plums from our own garden.';
  await talk.asksAndHears(1_000, 'Tell me about the cake.', { text: long, durationMs: speakingMs(long) });
  talk.call.stopReading();
  await pause(2_000);
  await talk.hearing(() => talk.call.resumeReading());
  return ['caller: Tell me about the cake.', `assistant: ${long}`];
};

/** The caller is back with the assistant, which knows of it. */
export const unansweredTransfer: Beat = async ({ talk, telnyx }) => {
  Object.assign(telnyx.switches, { dialOutcome: 'no_answer', dialRingMs: 8_000 });
  talk.plan(
    { items: [{ text: 'I am putting you through.' }, { name: 'transfer', arguments: { to: 'the boss' } }] },
    { text: 'Nobody answers there.' },
  );
  await talk.hearing(() => talk.says('Can I speak with the boss?'), 2);
  return [
    'caller: Can I speak with the boss?',
    'assistant: I am putting you through.',
    /^tool: transfer\(\{"to":"the boss"\}\) = .*"no-answer"/,
    'assistant: Nobody answers there.',
  ];
};

function starts({ telnyx }: Scene): number {
  return telnyx.requests.filter(({ action }) => action === 'streaming_start').length;
}

async function nextStream({ talk: { call } }: Scene, lose: () => void): Promise<void> {
  const before = call.log.count('stream-started');
  lose();
  await call.waitFor('stream-started', 20_000, before + 1);
}
