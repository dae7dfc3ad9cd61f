import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ClusterTalk,
  expectOneConversation,
  hangUpAll,
  setTalkingCluster,
  type TalkingCluster,
  timesSaid,
} from '../support/cluster-talk.js';

const FIRST = 'the-secret-that-the-pods-began-with';
const SECOND = 'the-secret-that-takes-its-place';
/** A file is looked at every 5 s. */
const READ_LIMIT_MS = 30_000;
/** What a pod says of one with other secrets, or of a token or of words that were made with one. */
const STRANGE = /401|signature|cannot be read|could not be read|token/i;

let around: TalkingCluster;
let directory: string;
/** Calls that were there before anything changed, and one that is placed in each step. */
let talks: ClusterTalk[];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'parley-secrets-'));
  write(FIRST);
  around = await setTalkingCluster(
    { telnyx: { switches: { reconnect: 'redial', reconnectDelayMs: 100 } } },
    ({ STREAM_TOKEN_SECRET: _, ...env }) => ({ ...env, STREAM_TOKEN_SECRET_FILE: file() }),
  );
  talks = [await beginOn(1), await beginOn(2), await beginOn(3)];
}, 40_000);

afterAll(async () => {
  await around.cluster.close();
  rmSync(directory, { recursive: true, force: true });
});

const file = (): string => join(directory, 'secret');

/** As the kubelet does: there is never half a file. */
function write(...secrets: string[]): void {
  writeFileSync(`${file()}.new`, `${secrets.join(',\n')}\n`);
  renameSync(`${file()}.new`, file());
}

async function beginOn(pod: number): Promise<ClusterTalk> {
  const { balancer } = around.cluster;
  balancer.socketsTo(pod);
  const talk = await ClusterTalk.begin(around);
  balancer.socketsTo('round-robin');
  expect(await around.cluster.ownerOf(talk.call)).toBe(pod);
  return talk;
}

/** All pods get these secrets, one sooner than the other; meanwhile people talk, and more of them call. */
async function change(...secrets: string[]): Promise<void> {
  const READ = 'STREAM_TOKEN_SECRET was read again';
  const { numbers } = around.cluster;
  const before = numbers.map((pod) => timesSaid(around, pod, READ));
  const until = performance.now() + READ_LIMIT_MS;
  write(...secrets);
  while (numbers.some((pod, index) => timesSaid(around, pod, READ) === before[index])) {
    expect(performance.now()).toBeLessThan(until);
    const passing = ClusterTalk.begin(around).then(async (talk) => {
      await talk.redialled();
      await talk.asks();
      expect(talk.sessions).toHaveLength(1);
      talk.call.hangUp();
    });
    await Promise.all([passing, ...talks.map((talk) => talk.asks())]);
  }
}

/** Sockets that land anywhere, and a pod that dies. */
async function liveThrough(pod: number): Promise<void> {
  const { cluster } = around;
  await Promise.all(talks.map((talk) => talk.redialled()));
  await Promise.all(talks.map((talk) => talk.asks()));
  const moved: ClusterTalk[] = [];
  for (const talk of talks) if ((await cluster.ownerOf(talk.call)) === pod) moved.push(talk);
  expect(moved.length).toBeGreaterThan(0);
  const sessions = new Map(talks.map((talk) => [talk, talk.sessions.length]));
  const resumed = moved.map((talk) => talk.nextSession(talk.sessions));
  await cluster.kill(pod);
  await Promise.all(resumed);
  await Promise.all(talks.map((talk) => talk.asks()));
  for (const talk of talks) {
    await expectOneConversation(around, talk);
    expect(talk.sessions).toHaveLength((sessions.get(talk) ?? NaN) + (moved.includes(talk) ? 1 : 0));
  }
}

async function replace(pod: number): Promise<void> {
  const { cluster } = around;
  await cluster.restart(pod);
  await cluster.balancer.waitForReady(cluster.numbers);
}

describe('STREAM_TOKEN_SECRET in a file', () => {
  it('can get a new secret in front of the old one while calls go on', async () => {
    await change(SECOND, FIRST);
    await liveThrough(1);
    await replace(1);
    talks.push(await beginOn(1));
  }, 90_000);

  it('can lose the old one after that', async () => {
    await change(SECOND);
    await liveThrough(2);
    // A process that begins now has never heard of the first secret: what was sealed with that is over by then.
    await hangUpAll(around, talks);
    talks = [await beginOn(3)];
    await replace(2);
    around.cluster.balancer.socketsTo(2);
    await liveThrough(3);
    expect(await around.cluster.ownerOf((talks[0] as ClusterTalk).call)).toBe(2);
  }, 120_000);

  it('was the same for all pods and all calls, all the time', async () => {
    const { cluster } = around;
    await hangUpAll(around, talks);
    const lines = cluster.numbers.flatMap((pod) => cluster.pod(pod).lines);
    expect(lines.filter(({ level, msg }) => level >= 40 && STRANGE.test(msg))).toEqual([]);
    expect(cluster.telnyx.requests.filter(({ action }) => action === 'hangup')).toEqual([]);
  });
});
