import { Figures } from '../support/cluster-figures.js';
import {
  expectNoCallKeys,
  ClusterTalk,
  expectOneConversation,
  hangUpAll,
  sentencesTold,
  setTalkingCluster,
  type TalkingCluster,
  told,
} from '../support/cluster-talk.js';

const CALLS = 12;

let around: TalkingCluster;
const figures = new Figures('Rolling restart of three pods');

beforeAll(async () => {
  around = await setTalkingCluster({ env: { DRAIN_HANDOVER_AFTER: '0' } });
});

afterAll(async () => {
  figures.print();
  await around.cluster.close();
});

describe('a rolling restart of all pods', () => {
  it(`loses none of ${CALLS} calls, and none of their words`, async () => {
    const { cluster } = around;
    const talks = await Promise.all(Array.from({ length: CALLS }, () => ClusterTalk.begin(around)));
    const begunAtMs = performance.now();
    let turns = 0;
    for (const pod of cluster.numbers) {
      const exit = cluster.drain(pod);
      // They go on talking, moved or not.
      await Promise.all(talks.map((talk) => talk.asks()));
      turns++;
      expect(await exit).toBe(0);
      await cluster.restart(pod);
      await cluster.balancer.waitForReady(cluster.numbers);
    }
    figures.add(`${CALLS} calls, all pods replaced after`, performance.now() - begunAtMs);
    const moves = talks.map((talk) => talk.sessions.length - 1);
    figures.add('moves of one call, at most', Math.max(...moves), '');
    await Promise.all(talks.map((talk) => talk.asks()));
    for (const talk of talks) {
      await expectOneConversation(around, talk);
      // The newest session knows the greeting and every answer, those that it gave itself or was told of.
      const own = around.voices.of(talk.session)?.sentences ?? 0;
      const sentences = sentencesTold(talk.session);
      expect(new Set(sentences).size).toBe(sentences.length);
      expect(sentences).toHaveLength(1 + turns + 1 - own);
      // And what the caller had said before each of the answers.
      const turnsTold = told(talk.session).filter((item) => item.includes('"role":"user"'));
      expect(turnsTold).toHaveLength(sentences.length - 1);
    }
    const gaps = talks.flatMap(({ call }) =>
      call.sockets
        .slice(1)
        .map((socket, index) => (socket.startedAtMs ?? NaN) - (call.sockets[index]?.closedAtMs ?? NaN)),
    );
    gaps.sort((a, b) => a - b);
    figures.add('between two media streams, median', gaps[Math.floor(gaps.length / 2)] ?? NaN);
    figures.add('between two media streams, longest', gaps.at(-1) ?? NaN);
    await hangUpAll(around, talks);
    await expectNoCallKeys(around);
    expect(cluster.telnyx.requests.filter(({ action }) => action === 'hangup')).toEqual([]);
  }, 120_000);
});
