import { type SampleSummary } from '../samples.js';

/** How the model speaks: 20 ms of audio every 20 ms, or answers in pieces of 100 to 400 ms, five times faster than real time. */
export type SpeechProfile = 'frames' | 'bursts';

/** One run of the load generator. */
export interface LoadPlan {
  calls: number;
  /** Length of the measured window; warm-up and drain come on top. */
  seconds: number;
  profile: SpeechProfile;
  /** The model's socket over TLS. */
  tls: boolean;
  /** Calls are announced by webhook first, as real ones are: only then are they traced. */
  announced?: boolean;
}

/** From the generator, when its servers are up. */
export interface LoadListening {
  kind: 'listening';
  modelUrl: string;
  restUrl: string;
}

/** To the generator, when the relay is up. */
export interface LoadGo {
  kind: 'go';
  mediaPort: number;
  mediaPath: string;
  relayPid: number;
}

/** What was measured. Times in ms. */
export interface LoadResult {
  windowMs: number;
  /** Of the relay, over the window. */
  cpuMs: number;
  /** How long its main thread waited for its core over the window: others were on it. NaN: not known. */
  waitMs: number;
  /** Frames of 20 ms that came through in the window. */
  framesIn: number;
  framesOut: number;
  /** Caller's frame sent to the same frame at the model. */
  latencyIn: SampleSummary;
  /** Model's audio sent to the same audio at Telnyx: of every frame (`frames`), of each answer's first one (`bursts`). */
  latencyOut: SampleSummary;
  /** Over the whole run, warm-up included. */
  lostIn: number;
  lostOut: number;
  duplicates: number;
  /** Bytes that the relay added: padding. */
  foreignBytes: number;
  /** Silence that the caller would have heard inside answers (only `bursts`, where the model is never the cause). */
  gapMs: number;
  idleRssKib: number;
  loadedRssKib: number;
  /** How late the generator itself was with each frame and delta. */
  lag: SampleSummary;
}

export type LoadReport = LoadListening | { kind: 'result'; result: LoadResult } | { kind: 'failed'; reason: string };
