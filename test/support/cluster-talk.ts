import { type SoundSpan } from '../../simulator/audio/energy.js';
import { babble } from '../../simulator/audio/signals.js';
import { type DoubleSession } from '../../simulator/realtime/index.js';
import { type CallRequest, type SimulatedCall } from '../../simulator/telnyx/index.js';
import { eventually } from './calls.js';
import { type Cluster, type ClusterOptions, type Env, setCluster } from './cluster.js';
import { LISTEN_MS, type Voice, Voices } from './cluster-voices.js';

/** The longest that a caller may wait for an answer here: these are tests of what happens, not of how fast. */
export const ANSWER_LIMIT_MS = 15_000;
/** What is left over of a session, when another one has taken its place. */
const SETTLE_LIMIT_MS = 5_000;
/** Longer than a hiccup of this machine, shorter than the time between a question and its answer. */
const PAUSE_MS = 300;
const SYLLABLE_MS = 150;
const REDIAL_MS = 50;
const TURN_MS = 700;
const LOUD_DBFS = -12;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface TalkingCluster {
  cluster: Cluster;
  voices: Voices;
}

/**
 * A cluster whose assistant has a voice in each session, and does nothing unasked.
 * @param adapt has the last word on the settings of a pod, each time that it starts.
 */
export async function setTalkingCluster(
  options: ClusterOptions = {},
  adapt?: (env: Env) => Env | Promise<Env>,
): Promise<TalkingCluster> {
  const voices = new Voices();
  const { env = {} } = options;
  const talking: ClusterOptions = {
    ...options,
    env: (pod) => ({
      WAIT_SIGNAL: 'off',
      IDLE_PROMPT_AFTER_S: '0',
      IDLE_HANG_UP_AFTER_S: '0',
      WARM_SESSIONS: '1',
      ...(typeof env === 'function' ? env(pod) : env),
    }),
    realtime: { switches: { responseDelayMs: 50 }, script: voices.script, ...options.realtime },
  };
  return { cluster: await setCluster(talking, adapt), voices };
}

/** One call, over all the pods and sessions with the model that it takes. */
export class ClusterTalk {
  private root: Voice | undefined;
  /** What the caller said, in milliseconds since the answer. */
  private readonly turns: SoundSpan[] = [];

  private constructor(
    private readonly around: TalkingCluster,
    readonly call: SimulatedCall,
  ) {}

  /**
   * Somebody calls. Resolves when the greeting has been heard to its end.
   * @param placed is told of the call before anything of it has reached a pod.
   */
  static async begin(
    around: TalkingCluster,
    request: CallRequest = {},
    placed: (call: SimulatedCall) => void = () => undefined,
  ): Promise<ClusterTalk> {
    const talk = new ClusterTalk(around, around.cluster.telnyx.placeCall(request));
    placed(talk.call);
    await talk.call.waitForQuiet(40, ANSWER_LIMIT_MS);
    return talk;
  }

  /**
   * The session that greeted, and every one that was told what it had said; the newest last. Not by when they were
   * connected: a pod keeps some ready beforehand.
   */
  get sessions(): DoubleSession[] {
    const { realtime } = this.around.cluster;
    const { sessionId, number } = this.voice;
    const ours = realtime.sessions.filter(({ id }) => id === sessionId);
    const later = realtime.sessions.filter((session) => wasTold(session, `Voice ${number} says`));
    const said = (session: DoubleSession): number => (session.open ? 1e6 : 0) + sentencesTold(session).length;
    return [...ours, ...later.filter(({ id }) => id !== sessionId).sort((one, other) => said(one) - said(other))];
  }

  /** The session that has this conversation now. */
  get session(): DoubleSession {
    const session = this.sessions.at(-1);
    if (!session) throw new Error(`${this.call.callControlId} has no session with the model`);
    return session;
  }

  /** How often the model was asked to greet, in all sessions. */
  get greetings(): number {
    return this.sessions.reduce((sum, session) => sum + told(session).filter(isGreeting).length, 0);
  }

  /** Resolves with a session that took this conversation over and hears the caller; `known` are those before. */
  nextSession(known: readonly DoubleSession[], timeoutMs = ANSWER_LIMIT_MS): Promise<DoubleSession> {
    const find = (): DoubleSession | undefined =>
      this.sessions.find((session) => session.open && session.appendCount > 0 && !known.includes(session));
    return eventually(find, `a session that goes on with ${this.call.callControlId}`, timeoutMs);
  }

  /**
   * The caller says something and hears an answer to its end, from the newest session of this conversation and nobody
   * else. Throws where the voice is another one.
   */
  async asks(): Promise<void> {
    const { sounds } = this;
    await this.says(TURN_MS);
    await this.hears(sounds + 1);
  }

  /** Telnyx loses the media socket, and dials again; resolves when the next one has started. */
  async redialled(): Promise<void> {
    const started = this.call.log.count('stream-started');
    this.call.dropMediaSocket('abrupt', 'redial', REDIAL_MS);
    await this.call.waitFor('stream-started', ANSWER_LIMIT_MS, started + 1);
  }

  /** The caller speaks. Resolves when the last of it was sent. */
  says(durationMs: number): Promise<void> {
    const fromMs = this.call.heard.elapsedMs;
    this.turns.push({ fromMs, toMs: fromMs + durationMs });
    return this.call.say(babble(durationMs, LOUD_DBFS));
  }

  /** How often the assistant was heard: stretches of audio with pauses between them. */
  get sounds(): number {
    return this.stretches.length;
  }

  /** Throws where the assistant was not heard this often. */
  expectSounds(count: number): void {
    if (this.sounds === count) return;
    throw new Error(`the assistant was heard ${this.sounds} times instead of ${count}\n${this.story()}`);
  }

  /** Resolves when the assistant was heard to its end, the `count`th time in this call. */
  async hears(count: number): Promise<void> {
    await eventually(() => this.sounds >= count || undefined, 'an answer', ANSWER_LIMIT_MS).catch(() => {
      throw new Error(`the assistant was not heard for the ${count}. time\n${this.story()}`);
    });
    await this.call.waitForQuiet(100, ANSWER_LIMIT_MS);
    // The last that is long enough to know a voice: where the machine stood still for a moment, an answer is in pieces.
    const piece = this.call.heard.segments.findLast(
      ({ startedAtMs, endedAtMs }) => endedAtMs - startedAtMs >= LISTEN_MS,
    );
    const { startedAtMs = NaN, endedAtMs = NaN } = piece ?? {};
    const heard = this.around.voices.heardBy(this.call, Math.max(startedAtMs, endedAtMs - 2 * LISTEN_MS), endedAtMs);
    const newest = this.around.voices.of(this.session);
    if (heard === undefined || heard !== newest) {
      throw new Error(
        `the caller hears voice ${heard?.number}, and the newest session has voice ${newest?.number}\n${this.story()}`,
      );
    }
  }

  /** The first silence since a moment of `performance.now()`, until something was heard again; waits for that. */
  gapSince(atMs: number): Promise<number> {
    const { heard } = this.call;
    const sinceMs = heard.sinceAnswer(atMs);
    const find = (): number | undefined => {
      const gap = heard.gapAfter(sinceMs);
      return gap && gap.toMs - gap.fromMs;
    };
    return eventually(find, 'something to be heard again', ANSWER_LIMIT_MS);
  }

  /** What the caller heard, and what became of the sockets: for the message of a test that fails. */
  story(): string {
    const { call } = this;
    const ms = (atMs: number | undefined): string => (atMs === undefined ? '-' : `${Math.round(atMs)} ms`);
    const sounds = call.heard.segments.map(({ startedAtMs, endedAtMs }) => {
      const voice = this.around.voices.heardBy(call, startedAtMs, Math.min(endedAtMs, startedAtMs + LISTEN_MS));
      return { atMs: startedAtMs, text: `voice ${voice?.number} until ${ms(endedAtMs)}` };
    });
    const events = call.log.entries.filter(({ name }) => name !== 'mark' && name !== 'heard-audio');
    const others = events.map(({ name, atMs, detail = '' }) => ({
      atMs: call.heard.sinceAnswer(atMs),
      text: `${name} ${detail}`,
    }));
    const turns = this.turns.map(({ fromMs, toMs }) => ({ atMs: fromMs, text: `caller until ${ms(toMs)}` }));
    const lines = [...sounds, ...turns, ...others].sort((a, b) => a.atMs - b.atMs);
    return lines.map(({ atMs, text }) => `  ${ms(atMs)}: ${text}`).join('\n');
  }

  /**
   * What the caller heard without a pause. Less than a syllable is left out: an answer that begins while the caller goes on
   * speaking is cut off at once.
   */
  private get stretches(): SoundSpan[] {
    const stretches: SoundSpan[] = [];
    for (const { startedAtMs, endedAtMs } of this.call.heard.segments) {
      const last = stretches.at(-1);
      if (last && startedAtMs - last.toMs <= PAUSE_MS) last.toMs = endedAtMs;
      else stretches.push({ fromMs: startedAtMs, toMs: endedAtMs });
    }
    return stretches.filter(({ fromMs, toMs }) => toMs - fromMs >= SYLLABLE_MS);
  }

  /** The voice of the greeting. */
  private get voice(): Voice {
    const startedAtMs = this.call.heard.firstAudioAtMs ?? NaN;
    this.root ??= this.around.voices.heardBy(this.call, startedAtMs);
    if (!this.root) throw new Error(`nobody knows the voice that greeted in ${this.call.callControlId}`);
    return this.root;
  }
}

const toldSoFar = new WeakMap<DoubleSession, { events: number; texts: string[] }>();

/** All that a session was told by the gateway, as JSON texts. */
export function told(session: DoubleSession): readonly string[] {
  const { clientEvents } = session;
  const known = toldSoFar.get(session);
  if (known?.events === clientEvents.length) return known.texts;
  const items = clientEvents.filter(({ type }) => type === 'conversation.item.create');
  const texts = items.map(({ item }) => JSON.stringify(item));
  toldSoFar.set(session, { events: clientEvents.length, texts });
  return texts;
}

/** The sentences that a session was told of, as `voice sentence`, in order. */
export function sentencesTold(session: DoubleSession): string[] {
  const found = told(session).flatMap((item) => [...item.matchAll(/Voice (\d+) says its sentence number (\d+)/g)]);
  return found.map(([, voice, sentence]) => `${voice} ${sentence}`);
}

export function wasTold(session: DoubleSession, words: string): boolean {
  return told(session).some((item) => item.includes(words));
}

const isGreeting = (item: string): boolean => item.includes('has just been answered');

/** Everything that must hold of a call that was kept, whatever happened to its pods. Throws where it does not. */
export async function expectOneConversation({ cluster }: TalkingCluster, talk: ClusterTalk): Promise<void> {
  expect(talk.call.state).toBe('answered');
  expect(talk.greetings).toBe(1);
  expect(await cluster.ownerOf(talk.call)).toBeDefined();
  // A process that is stopped holds on to its sockets.
  if (cluster.paused.length > 0) return;
  const open = (): number => talk.sessions.filter((session) => session.open).length;
  await eventually(() => (open() === 1 ? true : undefined), 'all sessions but one to be closed', SETTLE_LIMIT_MS);
  expect(talk.session.open).toBe(true);
}

/** How often the process that runs as this pod has said something: log lines that begin so. */
export function timesSaid({ cluster }: TalkingCluster, pod: number, beginning: string): number {
  return cluster.pod(pod).lines.filter(({ msg }) => msg.startsWith(beginning)).length;
}

/** Ends calls by the caller's hand; resolves when no pod holds one. */
export async function hangUpAll({ cluster }: TalkingCluster, talks: readonly ClusterTalk[]): Promise<void> {
  for (const { call } of talks) call.hangUp();
  await cluster.waitForNoCalls();
}

/** Keys that tell of a call, its words or its legs. */
export async function callKeys({ cluster }: TalkingCluster): Promise<string[]> {
  return (await cluster.keys()).filter((key) => /:(?:call|talk|legs|calls)$/.test(key));
}

/** Resolves when nothing in Redis tells of any call; the last of it goes a moment after the calls themselves. */
export async function expectNoCallKeys(around: TalkingCluster): Promise<void> {
  const until = performance.now() + SETTLE_LIMIT_MS;
  for (;;) {
    const left = await callKeys(around);
    if (left.length === 0) return;
    if (performance.now() > until) throw new Error(`still in Redis: ${left.join(', ')}`);
    await pause(20);
  }
}
