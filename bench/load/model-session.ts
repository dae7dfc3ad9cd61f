import { type LoadPlan } from './plan.js';
import { type RawWebSocket } from './raw-websocket.js';
import {
  acknowledge,
  type AnswerIds,
  answerBegins,
  answerEnds,
  audioDelta,
  sessionCreated,
  sessionUpdated,
  transcriptDelta,
} from './realtime-events.js';
import { FRAME_BYTES, FRAME_MS, FrameLedger, readFrames, writeFrame } from './stamps.js';

const APPEND = Buffer.from('"input_audio_buffer.append"');
const AUDIO = Buffer.from('"audio":"');
const QUOTE = 0x22;

/** How many times faster than real time a burst's audio arrives. */
const BURST_SPEED = 5;
/** An answer of 2 to 5 s and a pause of 1 to 2 s. */
const MEAN_CYCLE_MS = 5000;
const WORDS = 'and then some more words ';

/** A caller's frame that came in at the model. */
export type AppendedFrame = (sender: number, counter: number) => void;

interface Answer {
  ids: AnswerIds;
  startedAtMs: number;
  framesLeft: number;
  framesSent: number;
}

/** The model's end of one call: answers what a client may wait for, takes audio, speaks by its profile. */
export class ModelSession {
  readonly ledger = new FrameLedger();
  /** First frame of each answer: the only ones that a silence may go before. */
  readonly firstFrames = new Set<number>();
  /** Of the caller whose audio came in; undefined while the session is only kept warm. */
  caller: number | undefined;
  foreignBytes = 0;
  private dueAtMs = Infinity;
  private answer: Answer | undefined;
  private answers = 0;
  private talking = true;

  constructor(
    readonly index: number,
    private readonly socket: RawWebSocket,
    private readonly profile: LoadPlan['profile'],
    private readonly random: () => number,
    private readonly onFrame: AppendedFrame,
  ) {
    socket.onText = (payload) => this.receive(payload);
    socket.send(sessionCreated(`sess_${index}`));
  }

  private receive(payload: Buffer): void {
    if (payload.includes(APPEND)) {
      const from = payload.indexOf(AUDIO) + AUDIO.length;
      const audio = Buffer.from(payload.toString('latin1', from, payload.indexOf(QUOTE, from)), 'base64');
      this.foreignBytes += readFrames(audio, (sender, counter) => this.take(sender, counter));
      return;
    }
    const event = JSON.parse(payload.toString()) as Record<string, unknown>;
    if (event['type'] === 'session.update')
      this.socket.send(sessionUpdated(`sess_${this.index}`, event['session'] as object));
    else for (const text of acknowledge(event)) this.socket.send(text);
  }

  private take(sender: number, counter: number): void {
    if (this.caller === undefined) {
      this.caller = sender;
      // Calls do not speak in step: the first answers begin spread over the time from one answer to the next.
      this.dueAtMs = performance.now() + this.random() * (this.profile === 'frames' ? FRAME_MS : MEAN_CYCLE_MS);
    }
    this.onFrame(sender, counter);
  }

  /** Sends what is due and tells how late it was. */
  tick(nowMs: number, late: (ms: number) => void): void {
    while (nowMs >= this.dueAtMs) {
      const dueAtMs = this.dueAtMs;
      late(nowMs - dueAtMs);
      this.answer ??= this.beginAnswer(dueAtMs);
      if (this.answer === undefined) return;
      this.speak(this.answer, nowMs, dueAtMs);
    }
  }

  private beginAnswer(dueAtMs: number): Answer | undefined {
    if (!this.talking) {
      this.dueAtMs = Infinity;
      return undefined;
    }
    const number = this.answers++;
    const ids = { response: `resp_${this.index}_${number}`, item: `item_${this.index}_${number}` };
    const seconds = this.profile === 'frames' ? 10 : 2 + 3 * this.random();
    for (const text of answerBegins(ids)) this.socket.send(text);
    this.firstFrames.add(this.ledger.sent);
    return { ids, startedAtMs: dueAtMs, framesLeft: Math.round((seconds * 1000) / FRAME_MS), framesSent: 0 };
  }

  private speak(answer: Answer, nowMs: number, dueAtMs: number): void {
    const wanted = this.profile === 'frames' ? 1 : 5 + Math.floor(16 * this.random());
    const frames = Math.min(wanted, answer.framesLeft);
    const audio = Buffer.allocUnsafe(frames * FRAME_BYTES);
    for (let i = 0; i < frames; i++) writeFrame(audio, i * FRAME_BYTES, this.index, this.ledger.send(nowMs));
    this.socket.send(audioDelta(answer.ids, audio.toString('base64')));
    answer.framesLeft -= frames;
    answer.framesSent += frames;
    if (this.profile === 'bursts' || answer.framesSent % 10 === 0)
      this.socket.send(transcriptDelta(answer.ids, WORDS.slice(0, 1 + (answer.framesSent % WORDS.length))));
    this.dueAtMs = dueAtMs + (frames * FRAME_MS) / (this.profile === 'frames' ? 1 : BURST_SPEED);
    if (answer.framesLeft > 0 && (this.talking || this.profile === 'bursts')) return;
    const audioMs = answer.framesSent * FRAME_MS;
    for (const text of answerEnds(answer.ids, WORDS.repeat(4), audioMs)) this.socket.send(text);
    if (this.profile === 'bursts') this.dueAtMs = answer.startedAtMs + audioMs + 1000 + 1000 * this.random();
    this.answer = undefined;
  }

  /** Begins no further answer; a burst that is under way is finished. */
  stopTalking(): void {
    this.talking = false;
  }

  /** Whether an answer is under way, or some of it has not come out at the caller's end yet. */
  get isBusy(): boolean {
    return this.answer !== undefined || this.ledger.outstanding > 0;
  }

  close(): void {
    this.socket.destroy();
  }
}
