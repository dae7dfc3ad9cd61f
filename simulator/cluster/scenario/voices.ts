import { type AssistantScript, heardTone, type ReplyContext, type ScriptedReply } from '../../realtime/index.js';
import { type SimulatedCall } from '../../telnyx/index.js';

/** Tones that can be told apart in 200 ms of a voice. With more sessions than these they are used again. */
const TONES_HZ = Array.from({ length: 66 }, (_, index) => 320 + 40 * index);
/** Long enough to know a voice. */
const LISTEN_MS = 200;
/** An answer is heard sooner than this after it was begun, on any machine that this runs on. */
const ON_ITS_WAY_MS = 20_000;

/** An answer of the assistant; times are of `performance.now()`. */
export interface Sentence {
  readonly id: string;
  readonly begunAtMs: number;
}

/** What one session with the model sounds like, and what it has said. */
export interface Voice {
  readonly sessionId: string;
  readonly number: number;
  readonly toneHz: number;
  readonly sentences: Sentence[];
}

/**
 * The assistant: each session has a voice of its own, and each answer names the session and counts, so that it can be told
 * who speaks to a caller, and what a session was told of the ones before it.
 */
export class Voices {
  sentenceMs = 700;
  readonly script: AssistantScript = { choose: (context) => this.choose(context) };
  private readonly bySession = new Map<string, Voice>();

  of(sessionId: string): Voice | undefined {
    return this.bySession.get(sessionId);
  }

  /** The voice that a caller hears at a moment, in ms since the answer. */
  heardBy({ heard, answeredAtMs = NaN }: SimulatedCall, atMs: number): Voice | undefined {
    const tone = heardTone(heard.audioBetween(atMs, atMs + LISTEN_MS), TONES_HZ);
    const nowMs = answeredAtMs + atMs;
    const spoke = ({ sentences }: Voice): boolean =>
      sentences.some(({ begunAtMs }) => begunAtMs <= nowMs && nowMs - begunAtMs < ON_ITS_WAY_MS);
    return [...this.bySession.values()].find((voice) => voice.toneHz === tone && spoke(voice));
  }

  private choose({ sessionId }: ReplyContext): ScriptedReply {
    const voice = this.bySession.get(sessionId) ?? this.add(sessionId);
    const id = `${voice.number}-${voice.sentences.length + 1}`;
    voice.sentences.push({ id, begunAtMs: performance.now() });
    return {
      text: `Answer ${id} is what the caller hears now, word by word, until it is their turn again.`,
      toneHz: voice.toneHz,
      durationMs: this.sentenceMs,
    };
  }

  private add(sessionId: string): Voice {
    const number = this.bySession.size + 1;
    const voice = { sessionId, number, toneHz: TONES_HZ[number % TONES_HZ.length] ?? 400, sentences: [] };
    this.bySession.set(sessionId, voice);
    return voice;
  }
}

/** Of a session that has not spoken. */
export function silentVoice(sessionId: string): Voice {
  return { sessionId, number: 0, toneHz: NaN, sentences: [] };
}

/** The answers that a text tells of. */
export function answersIn(text: string): string[] {
  return [...text.matchAll(/Answer (\d+-\d+)\b/g)].map(([, id = '']) => id);
}
