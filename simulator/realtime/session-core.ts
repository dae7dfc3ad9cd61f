import { bytesPerMs } from './audio-format.js';
import { type ClientEvent } from './client-frame.js';
import { Conversation } from './conversation.js';
import { type RealtimeFaults } from './faults.js';
import { newId } from './ids.js';
import { InputAudio } from './input-audio.js';
import { ItemCommands } from './item-commands.js';
import { McpHost } from './mcp-host.js';
import { type McpServers } from './mcp-servers.js';
import { readResponseParams } from './response-params.js';
import { Responses } from './responses.js';
import { type AssistantScript, type ScriptedReply } from './script.js';
import { applySessionUpdate, initialSession, type SessionConfig } from './session-config.js';
import { type SessionWire } from './session-wire.js';
import { type RealtimeSwitches } from './switches.js';
import { type Timers } from './timers.js';
import { TurnTaking } from './turn-taking.js';
import { type VadSettings, vadSettingsOf } from './vad.js';
import { type VoiceBox } from './voice-synth.js';
import { invalidRequest, missingParameter, unknownParameter } from './wire-errors.js';
import { type WireError } from './wire-types.js';

/** A thing the client did that the service would not complain of, and that is wrong all the same. */
export interface Violation {
  kind: 'audio_before_session_update' | 'format_changed_after_audio' | 'binary_frame' | 'not_json';
  detail: string;
}

export interface SessionCoreOptions {
  id: string;
  model: string;
  wire: SessionWire;
  switches: RealtimeSwitches;
  faults: RealtimeFaults;
  timers: Timers;
  voices: VoiceBox;
  script: () => AssistantScript;
  mcpServers: () => McpServers;
}

/** What a session knows and does, apart from its socket: takes client events, answers on the wire. */
export class SessionCore {
  readonly conversation = new Conversation();
  readonly input: InputAudio;
  readonly responses: Responses;
  readonly violations: Violation[] = [];
  /** `input_audio_buffer.append` events so far. */
  appendCount = 0;

  readonly #options: SessionCoreOptions;
  readonly #turns: TurnTaking;
  readonly #items: ItemCommands;
  readonly #mcp: McpHost;
  readonly #conversationId = newId('conv');
  #config: SessionConfig;
  #updatedOnce = false;

  constructor(options: SessionCoreOptions) {
    const { switches } = options;
    this.#options = options;
    this.#config = initialSession({
      id: options.id,
      model: options.model,
      expiresAt: Math.floor((Date.now() + switches.maxSessionMs) / 1000),
      silenceDurationMs: switches.defaultSilenceDurationMs,
    });
    this.input = new InputAudio(this.#config.audio.input.format, this.#vadSettings(), switches.recordInputMs);
    this.#mcp = new McpHost({ ...options, conversation: this.conversation, servers: options.mcpServers });
    const shared = { ...options, conversation: this.conversation, config: () => this.#config, mcp: this.#mcp };
    this.responses = new Responses({
      ...shared,
      sessionId: options.id,
      conversationId: this.#conversationId,
      onFirstContent: () => this.#turns.onFirstContent(),
      onDone: ({ status }, remainingMs) => this.#turns.onResponseDone(status === 'completed', remainingMs),
    });
    this.#turns = new TurnTaking({ ...shared, responses: this.responses, input: this.input });
    this.#items = new ItemCommands(shared);
  }

  get config(): SessionConfig {
    return this.#config;
  }

  /** What the server says first, unasked. */
  greet(): void {
    const { wire, switches } = this.#options;
    wire.send({ type: 'session.created', session: this.#config });
    if (!switches.conversationCreated) return;
    wire.send({
      type: 'conversation.created',
      conversation: { id: this.#conversationId, object: 'realtime.conversation' },
    });
  }

  /** Begins a response that nobody asked for. Throws while another is active. */
  respond(reply: ScriptedReply): string {
    const read = readResponseParams(undefined, this.#config, this.conversation);
    const created = 'error' in read ? read : this.responses.create(read.params, reply);
    if ('error' in created) throw new Error(created.error.message);
    return created.id;
  }

  /** Takes the audio of one `input_audio_buffer.append`, which is never acknowledged. */
  append(audio: Buffer): void {
    if (!this.#updatedOnce && this.appendCount === 0) {
      const detail = `audio before any session.update: read as ${this.input.format.type}`;
      this.violations.push({ kind: 'audio_before_session_update', detail });
    }
    this.appendCount++;
    for (const heard of this.input.append(audio)) this.#turns.onVad(heard);
  }

  /** @returns the error to answer with, if any */
  handle(event: ClientEvent): WireError | undefined {
    switch (event.type) {
      case 'session.update':
        return this.#updateSession(event);
      case 'input_audio_buffer.commit':
        return this.#turns.commitByHand();
      case 'input_audio_buffer.clear':
        this.input.emptyBuffer();
        this.input.setVad(this.#vadSettings());
        this.#turns.forgetSpeech();
        this.#options.wire.send({ type: 'input_audio_buffer.cleared' });
        return undefined;
      case 'conversation.item.create':
        return this.#items.create(event);
      case 'conversation.item.delete':
        return this.#items.delete(event);
      case 'conversation.item.retrieve':
        return this.#items.retrieve(event);
      case 'conversation.item.truncate':
        return this.#items.truncate(event);
      case 'response.create':
        return this.#createResponse(event);
      case 'response.cancel':
        return this.responses.cancel(typeof event['response_id'] === 'string' ? event['response_id'] : undefined);
      case 'output_audio_buffer.clear':
        return invalidRequest('invalid_value', 'output_audio_buffer.clear is for WebRTC and SIP only.', 'type');
      default:
        return invalidRequest('invalid_value', `Invalid value: '${event.type}'.`, 'type');
    }
  }

  #createResponse(event: ClientEvent): WireError | undefined {
    const read = readResponseParams(event['response'], this.#config, this.conversation);
    if ('error' in read) return read.error;
    if (!read.params.outOfBand) this.#turns.onResponseCreated();
    const created = this.responses.create(read.params);
    if ('error' in created) return created.error;
    // Servers of this response only, unless they are the session's, which are listed already.
    this.#mcp.offer(read.params.tools, false);
    return undefined;
  }

  #updateSession(event: ClientEvent): WireError | undefined {
    const { switches, faults } = this.#options;
    if (event['session'] === undefined) return missingParameter('session');
    const stray = Object.keys(event).find((key) => !['type', 'event_id', 'session'].includes(key));
    if (stray !== undefined) return unknownParameter(stray);
    const applied = applySessionUpdate(this.#config, event['session'], {
      assistantAudioPresent: this.conversation.hasAssistantAudio,
      rejectSameVoiceAfterAudio: switches.rejectSameVoiceAfterAudio,
      defaultSilenceDurationMs: switches.defaultSilenceDurationMs,
    });
    if ('error' in applied) return applied.error;
    const before = this.#config;
    this.#config = applied.config;
    if (faults.take('keepFormats')) {
      this.#config.audio.input.format = before.audio.input.format;
      this.#config.audio.output.format = before.audio.output.format;
    }
    this.#updatedOnce = true;
    this.#followInputConfig(before);
    this.#options.wire.send({ type: 'session.updated', session: this.#config });
    this.#mcp.offer(this.#config.tools, true);
    return undefined;
  }

  #followInputConfig(before: SessionConfig): void {
    const { format, turn_detection: detection } = this.#config.audio.input;
    if (format.type !== before.audio.input.format.type) {
      if (this.input.bytesInFormat > 0) {
        const ms = this.input.bytesInFormat / bytesPerMs(before.audio.input.format);
        const detail = `${ms} ms were read as ${before.audio.input.format.type} before the format became ${format.type}`;
        this.violations.push({ kind: 'format_changed_after_audio', detail });
      }
      this.input.setFormat(format);
      this.input.setVad(this.#vadSettings());
      this.#turns.forgetSpeech();
    } else if (JSON.stringify(detection) !== JSON.stringify(before.audio.input.turn_detection)) {
      this.input.setVad(this.#vadSettings());
      this.#turns.forgetSpeech();
    }
  }

  #vadSettings(): VadSettings | undefined {
    const detection = this.#config.audio.input.turn_detection;
    return detection ? vadSettingsOf(detection, this.#options.switches.vadMinSpeechMs) : undefined;
  }
}
