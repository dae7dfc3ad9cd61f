import { type Conversation, type Item, wireItem } from './conversation.js';
import { type RealtimeFaults } from './faults.js';
import { newId } from './ids.js';
import { type InputAudio } from './input-audio.js';
import { readResponseParams } from './response-params.js';
import { type Responses } from './responses.js';
import { type AssistantScript, heardText } from './script.js';
import { type SessionConfig } from './session-config.js';
import { type SessionWire } from './session-wire.js';
import { type RealtimeSwitches } from './switches.js';
import { type Timers } from './timers.js';
import { sendTranscription } from './transcription.js';
import { type VadEvent } from './vad.js';
import { commitEmpty } from './wire-errors.js';
import { type WireError } from './wire-types.js';

/** A commit by hand needs this much audio in the buffer. */
const LEAST_COMMIT_MS = 100;

export interface TurnTakingOptions {
  wire: SessionWire;
  conversation: Conversation;
  responses: Responses;
  input: InputAudio;
  switches: RealtimeSwitches;
  faults: RealtimeFaults;
  timers: Timers;
  config: () => SessionConfig;
  script: () => AssistantScript;
}

/** Turns what the detector hears into turns: speech events, commits, transcripts, interruptions and answers. */
export class TurnTaking {
  readonly #options: TurnTakingOptions;
  /** The turn that is being spoken; its item gets this id when it is committed. */
  #speech: { itemId: string; audioStartMs: number } | undefined;
  #turnIndex = 0;
  /** Transcripts that wait for the response to get going, or to end. */
  #heldTranscripts: (() => void)[] = [];
  #forgetIdle: (() => void) | undefined;
  /** The idle prompt comes once, until the caller speaks again. */
  #idlePrompted = false;

  constructor(options: TurnTakingOptions) {
    this.#options = options;
  }

  onVad(event: VadEvent): void {
    if (event.kind === 'started') this.#speechStarted(event.audioStartMs);
    else this.#speechStopped(event.audioEndMs);
  }

  /** Speech that was going on is no turn any more: the detector was changed or the buffer cleared. */
  forgetSpeech(): void {
    this.#speech = undefined;
  }

  /** `input_audio_buffer.commit`, which creates no response. */
  commitByHand(): WireError | undefined {
    const { input } = this.#options;
    if (input.uncommittedMs < LEAST_COMMIT_MS) return commitEmpty(input.uncommittedMs);
    const startMs = this.#speech?.audioStartMs ?? input.uncommittedSinceMs;
    this.#commit(this.#speech?.itemId ?? newId('item'), startMs, input.nowMs, false);
    this.#speech = undefined;
    return undefined;
  }

  onFirstContent(): void {
    if (this.#options.switches.transcriptionTiming !== 'after') this.#releaseTranscripts();
  }

  /** @param remainingMs audio of the response that cannot have been played yet: the idle time begins after it */
  onResponseDone(completed: boolean, remainingMs: number): void {
    this.#releaseTranscripts();
    const detection = this.#options.config().audio.input.turn_detection;
    if (!completed || detection?.type !== 'server_vad' || detection.idle_timeout_ms === null) return;
    if (this.#idlePrompted || this.#speech) return;
    const fromMs = this.#options.input.nowMs;
    const delayMs = remainingMs + detection.idle_timeout_ms * this.#options.switches.idleTimeoutScale;
    this.#forgetIdle?.();
    this.#forgetIdle = this.#options.timers.after(delayMs, () => this.#idle(fromMs));
  }

  /** A new response makes the waiting for the caller begin again. */
  onResponseCreated(): void {
    this.#forgetIdle?.();
  }

  #speechStarted(audioStartMs: number): void {
    const { wire, responses, config } = this.#options;
    this.#forgetIdle?.();
    this.#idlePrompted = false;
    this.#speech = { itemId: newId('item'), audioStartMs };
    wire.send({
      type: 'input_audio_buffer.speech_started',
      audio_start_ms: Math.round(audioStartMs),
      item_id: this.#speech.itemId,
    });
    if (config().audio.input.turn_detection?.interrupt_response) responses.interrupt();
  }

  #speechStopped(audioEndMs: number): void {
    const speech = this.#speech;
    if (!speech) return;
    this.#speech = undefined;
    this.#options.wire.send({
      type: 'input_audio_buffer.speech_stopped',
      audio_end_ms: Math.round(audioEndMs),
      item_id: speech.itemId,
    });
    const answer = this.#options.config().audio.input.turn_detection?.create_response ?? false;
    this.#commit(speech.itemId, speech.audioStartMs, audioEndMs, answer);
  }

  #idle(fromMs: number): void {
    const { wire, input } = this.#options;
    this.#idlePrompted = true;
    const itemId = newId('item');
    wire.send({
      type: 'input_audio_buffer.timeout_triggered',
      audio_start_ms: Math.round(fromMs),
      audio_end_ms: Math.round(input.nowMs),
      item_id: itemId,
    });
    this.#commit(itemId, fromMs, input.nowMs, true);
  }

  #commit(itemId: string, startMs: number, endMs: number, answer: boolean): void {
    const { wire, conversation, input, config } = this.#options;
    const item: Item = {
      id: itemId,
      type: 'message',
      role: 'user',
      status: 'completed',
      medium: 'audio',
      text: '',
      audioMs: Math.round(endMs - startMs),
      audio: () => input.slice(startMs, endMs),
    };
    input.emptyBuffer();
    const placed = conversation.add(item);
    const previous = 'error' in placed ? null : placed.previousItemId;
    wire.send({ type: 'input_audio_buffer.committed', item_id: itemId, previous_item_id: previous });
    wire.send({ type: 'conversation.item.added', previous_item_id: previous, item: wireItem(item) });
    wire.send({ type: 'conversation.item.done', previous_item_id: previous, item: wireItem(item) });
    if (config().audio.input.transcription) this.#transcribe(item);
    if (answer) this.#answer();
    // With no response on its way there is nothing to wait for.
    if (!this.#options.responses.activeId) this.#releaseTranscripts();
  }

  #transcribe(item: Item): void {
    const { wire, switches, script, faults, timers } = this.#options;
    const text = heardText(script(), this.#turnIndex++);
    const { transcriptionTiming: timing, transcriptionUsage: charged } = switches;
    const lateMs = faults.take('lateTranscript')?.ms;
    const now = () => sendTranscription(wire, item, text, { failed: timing === 'failed', charged });
    const send = lateMs === undefined ? now : () => void timers.after(lateMs, now);
    if (timing === 'before') send();
    else this.#heldTranscripts.push(send);
  }

  #answer(): void {
    const { responses, config, conversation, switches, wire } = this.#options;
    if (responses.activeId && switches.turnWhileActive === 'skip') return;
    const read = readResponseParams(undefined, config(), conversation);
    if ('error' in read) return wire.fail(read.error);
    this.onResponseCreated();
    const created = responses.create(read.params);
    if ('error' in created) wire.fail(created.error);
  }

  #releaseTranscripts(): void {
    const held = this.#heldTranscripts;
    this.#heldTranscripts = [];
    for (const send of held) send();
  }
}
