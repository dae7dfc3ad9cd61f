import { type DoubleSession } from '../../simulator/realtime/index.js';
import { eventually } from './calls.js';
import { type Figures } from './cluster-figures.js';
import {
  ANSWER_LIMIT_MS,
  ClusterTalk,
  expectOneConversation,
  pause,
  type TalkingCluster,
  wasTold,
} from './cluster-talk.js';
import { HttpPeer } from './http-peer.js';

/** What a call may be doing when its pod is lost. */
export type Situation = 'the assistant speaks' | 'the caller speaks' | 'nobody speaks' | 'a tool runs';

export const SITUATIONS: readonly Situation[] = [
  'the assistant speaks',
  'the caller speaks',
  'nobody speaks',
  'a tool runs',
];

/** Asserted generously; the figures are printed. */
export const RESUME_LIMIT_MS = 8_000;

/** A hand-over waits for a quiet moment. */
const HANDOVER_LIMIT_MS = 20_000;
/** The aim is below a second; the machine is shared. */
const GAP_LIMIT_MS = 2_000;
/** Less than a word. */
const CUT_MS = 150;
const LONG_SENTENCE_MS = 6_000;
const LONG_TURN_MS = 5_000;
const TURN_MS = 600;
const INTO_IT_MS = 1_200;
const TOOL_MS = 3_000;
const TOOL = 'look_up';

/** A server for the one tool there is, and the setting that makes it known. */
export async function slowTool(): Promise<{ peer: HttpPeer; env: Record<string, string> }> {
  const peer = await HttpPeer.start(() => ({ body: '{"found":"it"}', afterMs: TOOL_MS }));
  const tool = { name: TOOL, description: 'Looks something up.', url: peer.url, timeoutMs: 10_000 };
  return { peer, env: { TOOLS: JSON.stringify({ http: [tool] }) } };
}

/** A call that is in the middle of something, to be looked at again after its pod is gone. */
export class CaughtCall {
  private readonly sessionsBefore: readonly DoubleSession[];
  private readonly soundsBefore: number;
  private lostAtMs = NaN;
  private next: Promise<{ session: DoubleSession; atMs: number }> | undefined;

  private constructor(
    private readonly around: TalkingCluster,
    readonly situation: Situation,
    readonly talk: ClusterTalk,
    private readonly turn: Promise<void>,
  ) {
    this.sessionsBefore = talk.sessions;
    this.soundsBefore = talk.sounds;
  }

  /** Brings a call into its situation. */
  static async begin(
    around: TalkingCluster,
    situation: Situation,
    peer: HttpPeer,
    turnMs: number,
  ): Promise<CaughtCall> {
    const { voices } = around;
    const talk = await ClusterTalk.begin(around);
    const { session } = talk;
    let turn = Promise.resolve();
    switch (situation) {
      case 'the assistant speaks':
        voices.sentenceMsOf.set(session.id, LONG_SENTENCE_MS);
        await talk.says(TURN_MS);
        await eventually(() => talk.sounds === 2 || undefined, 'an answer');
        break;
      case 'the caller speaks':
        turn = talk.says(turnMs);
        await session.waitFor('speech_started');
        break;
      case 'a tool runs': {
        const earlier = peer.requests.length;
        voices.plans.set(session.id, { items: [{ name: TOOL }] });
        await talk.says(TURN_MS);
        await peer.waitFor(earlier + 1);
        break;
      }
      case 'nobody speaks':
        break;
    }
    return new CaughtCall(around, situation, talk, turn);
  }

  /** Long enough into it for words to have been heard and written down. */
  static intoIt(): Promise<void> {
    return pause(INTO_IT_MS);
  }

  /** The pod is lost now: from here on it is measured when another session hears the caller. */
  lost(): void {
    this.lostAtMs = performance.now();
    const next = this.talk.nextSession(this.sessionsBefore, ANSWER_LIMIT_MS);
    this.next = next.then((session) => ({ session, atMs: performance.now() }));
    this.next.catch(() => undefined);
  }

  /** What must hold after `lost`. */
  async expectKept(figures: Figures, how: string): Promise<void> {
    const { talk, situation } = this;
    if (!this.next) throw new Error('nothing was lost');
    const { session, atMs } = await this.next;
    const measured = await this.expectGoesOn(session, atMs - this.lostAtMs);
    figures.add(`${how}, while ${situation}`, measured);
    expect(measured).toBeLessThan(RESUME_LIMIT_MS);
    await talk.asks();
    await expectOneConversation(this.around, talk);
    expect(talk.session).toBe(session);
  }

  /** What must hold of a call that was moved while there was time for it: nothing was cut off, nothing said twice. */
  async expectHandedOver(figures: Figures): Promise<void> {
    const { talk, situation } = this;
    const { call } = talk;
    const session = await talk.nextSession(this.sessionsBefore, HANDOVER_LIMIT_MS);
    await this.turn;
    const answersOwed = situation === 'the caller speaks' || situation === 'a tool runs' ? 1 : 0;
    talk.expectSounds(this.soundsBefore + answersOwed);
    if (situation === 'the assistant speaks') {
      expect(Math.abs(this.heardSinceMs('heard-audio', 2) - LONG_SENTENCE_MS)).toBeLessThan(CUT_MS);
    }
    const [old, fresh] = call.sockets.slice(-2);
    const gapMs = (fresh?.startedAtMs ?? NaN) - (old?.closedAtMs ?? NaN);
    figures.add(`between two media streams, after ${situation}`, gapMs);
    expect(gapMs).toBeLessThan(GAP_LIMIT_MS);
    await talk.asks();
    await expectOneConversation(this.around, talk);
    expect(talk.session).toBe(session);
  }

  /** How much audio the caller heard since the `count`th event of this name. */
  private heardSinceMs(event: 'heard-audio', count: number): number {
    const { heard, log } = this.talk.call;
    const at = log.entries.filter(({ name }) => name === event)[count - 1]?.atMs ?? NaN;
    const since = heard.segments.filter(({ startedAtMs }) => startedAtMs > heard.sinceAnswer(at) - 5);
    return since.reduce((sum, { startedAtMs, endedAtMs }) => sum + endedAtMs - startedAtMs, 0);
  }

  /** @returns the time from the loss to what the caller waits for. */
  private async expectGoesOn(session: DoubleSession, reachedMs: number): Promise<number> {
    const { talk } = this;
    switch (this.situation) {
      case 'the assistant speaks': {
        const gapMs = await talk.gapSince(this.lostAtMs);
        await talk.call.waitForQuiet(100);
        // The rest of what was cut off, or an answer instead of it; not one and then the other.
        expect(session.responseCreates.length).toBeLessThanOrEqual(1);
        return gapMs;
      }
      case 'the caller speaks':
        // What they say after the loss is heard, and answered once.
        await this.turn;
        await talk.hears(this.soundsBefore + 1);
        talk.expectSounds(this.soundsBefore + 1);
        return reachedMs;
      case 'a tool runs':
        expect(wasTold(session, TOOL)).toBe(true);
        await talk.hears(this.soundsBefore + 1);
        return reachedMs;
      case 'nobody speaks':
        // Nobody asked for anything: the assistant has nothing to say.
        expect(session.responseCreates).toEqual([]);
        talk.expectSounds(this.soundsBefore);
        return reachedMs;
    }
  }
}

/**
 * One call in each situation, all on the same pod.
 * @param turnMs how long the caller speaks in the one where they do: beyond the loss of the pod.
 */
export async function catchCalls(
  around: TalkingCluster,
  pod: number,
  peer: HttpPeer,
  turnMs = LONG_TURN_MS,
): Promise<CaughtCall[]> {
  const { balancer } = around.cluster;
  balancer.socketsTo(pod);
  const caught = await Promise.all(SITUATIONS.map((situation) => CaughtCall.begin(around, situation, peer, turnMs)));
  await CaughtCall.intoIt();
  balancer.socketsTo('round-robin');
  return caught;
}
