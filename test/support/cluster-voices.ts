import {
  type AssistantScript,
  type DoubleSession,
  heardTone,
  type ReplyContext,
  type ScriptedReply,
} from '../../simulator/realtime/index.js';
import { type SimulatedCall } from '../../simulator/telnyx/index.js';

/** Tones that can be told apart in 200 ms of a voice; as many sessions can speak in one test file. */
const VOICE_TONES_HZ = Array.from({ length: 66 }, (_, index) => 320 + 40 * index);
/** Long enough to know a voice. */
export const LISTEN_MS = 200;

/** What a session sounds like: a tone of its own, and words that name it. */
export interface Voice {
  readonly number: number;
  readonly sessionId: string;
  readonly toneHz: number;
  sentences: number;
}

/** Gives every session of the model a voice and words of its own, so that a test knows who it is that a caller hears. */
export class Voices {
  /** Length of a sentence. */
  sentenceMs = 600;
  /** What a session does next, instead of a sentence; by its id. */
  readonly plans = new Map<string, ScriptedReply>();
  /** Sessions whose sentences are of another length; by id. */
  readonly sentenceMsOf = new Map<string, number>();
  readonly script: AssistantScript = { choose: (context) => this.choose(context) };
  private readonly voices: Voice[] = [];

  /** The voice that is heard between two moments, in milliseconds since the answer. */
  heardBy({ heard }: SimulatedCall, fromMs: number, toMs = fromMs + LISTEN_MS): Voice | undefined {
    const tone = heardTone(heard.audioBetween(fromMs, toMs), VOICE_TONES_HZ);
    return this.voices.find(({ toneHz }) => toneHz === tone);
  }

  of(session: DoubleSession): Voice | undefined {
    return this.voices.find(({ sessionId }) => sessionId === session.id);
  }

  private choose({ sessionId }: ReplyContext): ScriptedReply {
    const planned = this.plans.get(sessionId);
    this.plans.delete(sessionId);
    if (planned) return planned;
    const voice = this.voices.find((other) => other.sessionId === sessionId) ?? this.add(sessionId);
    return {
      text: `Voice ${voice.number} says its sentence number ${++voice.sentences} and then waits for the caller.`,
      toneHz: voice.toneHz,
      durationMs: this.sentenceMsOf.get(sessionId) ?? this.sentenceMs,
    };
  }

  private add(sessionId: string): Voice {
    const toneHz = VOICE_TONES_HZ[this.voices.length];
    if (toneHz === undefined) throw new Error('more sessions than voices: split the test file');
    const voice = { number: this.voices.length + 1, sessionId, toneHz, sentences: 0 };
    this.voices.push(voice);
    return voice;
  }
}
