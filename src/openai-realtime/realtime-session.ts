import { type PinoLogger } from 'nestjs-pino';
import { type WebSocket } from 'ws';
import { type Clock } from '../common/clock.js';
import { guardedClock } from '../common/guarded-clock.js';
import { type Config } from '../config/config.js';
import { type G711Law } from '../conversation/line.port.js';
import {
  type HistoryItem,
  type ModelFailure,
  type ModelListener,
  type ModelSession,
  type ResponseOptions,
  type SessionDial,
} from '../conversation/model.port.js';
import { type ToolDeclaration } from '../conversation/tools/tool.port.js';
import { type Counters } from '../telemetry/counters.js';
import { scanAudioDelta } from './audio-delta.js';
import { itemsOf, toolOutputItem } from './client-items.js';
import { closingSilence } from './closing-silence.js';
import { EventTeller, type TalkEvent } from './event-teller.js';
import { EventWire } from './event-wire.js';
import { type ApiError, failureOfConfiguration, failureOfError } from './failures.js';
import { FormatConfirmation, type RefusedRequest } from './format-confirmation.js';
import { InputClock } from './input-clock.js';
import { LastWords } from './last-words.js';
import { McpWatch } from './mcp/mcp-watch.js';
import { SessionPrices } from './price.js';
import { parseServerEvent, type ServerEvent, type ServerSession } from './server-events.js';
import { renewalTimeMs } from './session-age.js';
import { SpeechEndWatch } from './speech-end-watch.js';
import { inputFormatUpdate, modelTakesTurns, sessionConfig } from './session-config.js';

export interface SessionSurroundings {
  config: Pick<Config, 'openai' | 'assistant' | 'tools'>;
  /** Tools that run here. */
  declarations: readonly ToolDeclaration[];
  clock: Clock;
  log: PinoLogger;
  counters: Counters;
  lateness: { readonly late: boolean };
}

const TURN_HANGS: ModelFailure = {
  kind: 'retryable',
  code: 'model-stalled',
  message: 'OpenAI does not notice that the caller has stopped speaking',
};
const CLOSED: ModelFailure = { kind: 'retryable', code: 'closed', message: 'the session was closed' };

/**
 * One session with OpenAI's Realtime API (GA) on one socket. Ready once `session.updated` has echoed the formats that
 * were asked for; audio before that would be taken for something else.
 */
export class RealtimeSession implements ModelSession {
  id = '';
  readonly takesTurnsItself: boolean;
  /** When it was dialled, on the app's clock. */
  readonly openedMs: number;
  /** Set when a call gets it. */
  dial: SessionDial | undefined;
  /** When its configuration was confirmed, on the app's clock. */
  private readyMs = NaN;
  renewAtMs: number;
  private listener: ModelListener | undefined;
  private readonly wire: EventWire;
  private readonly confirmation: FormatConfirmation;
  private readonly mcp: McpWatch;
  private readonly input: InputClock;
  private readonly teller: EventTeller;
  private readonly speechEnd: SpeechEndWatch;
  private activeResponseId: string | undefined;

  private constructor(
    socket: WebSocket,
    private readonly around: SessionSurroundings,
    law: G711Law,
  ) {
    const { assistant, openai, tools } = around.config;
    this.takesTurnsItself = modelTakesTurns(assistant);
    this.openedMs = around.clock.nowMs();
    this.renewAtMs = this.openedMs + openai.renewAfterMs;
    const clock = guardedClock(around.clock, (error) => this.failed(error));
    this.wire = new EventWire(socket, {
      clock,
      lateness: around.lateness,
      sampler: around.counters.relaySampler,
      message: (message, isBinary) => this.guarded(() => this.receive(message, isBinary)),
      over: (failure) => this.guarded(() => this.over(failure)),
    });
    this.confirmation = new FormatConfirmation(clock, openai.connectTimeoutMs, law, (failure) =>
      this.wire.close(failure),
    );
    const prices = new SessionPrices(openai.prices, openai.model, assistant.transcription?.model);
    this.input = new InputClock(assistant.vad);
    this.teller = new EventTeller(prices, this.input);
    this.speechEnd = new SpeechEndWatch(clock, () => this.wire.close(TURN_HANGS));
    this.mcp = new McpWatch(tools.mcp, {
      clock,
      log: around.log,
      send: (type, fields) => void this.wire.send(type, fields),
      begun: (id, name, words) => this.listener?.remoteToolBegun(id, name, words),
      done: (id, name, ok) => this.listener?.remoteToolDone(id, name, ok),
    });
  }

  /**
   * Resolves when the session is configured and its formats are confirmed.
   * Rejects with a {@link ModelFailure}.
   */
  static open(socket: WebSocket, law: G711Law, around: SessionSurroundings): Promise<RealtimeSession> {
    const session = new RealtimeSession(socket, around, law);
    return session.confirmation.expect(law, undefined).then(() => {
      session.readyMs = around.clock.nowMs();
      return session;
    });
  }

  /** A call gets it now. @param askedMs when the call asked for one, on the app's clock. */
  handOut(askedMs: number): void {
    const { openedMs, readyMs } = this;
    const ageMs = this.around.clock.nowMs() - openedMs;
    this.dial = { warm: readyMs <= askedMs, connectMs: readyMs - openedMs, ageMs };
  }

  /** Still connected. */
  get alive(): boolean {
    return !this.wire.ending;
  }

  /** The law the model has confirmed. */
  get law(): G711Law {
    return this.confirmation.law;
  }

  listen(listener: ModelListener): void {
    this.listener = listener;
    // Lost between its opening and this: whoever listens only now has to hear of it all the same.
    const { ending } = this.wire;
    if (ending) process.nextTick(() => this.guarded(() => this.tellLost(ending)));
  }

  appendAudio(base64: Buffer): void {
    this.wire.append(base64);
    this.input.given(base64);
    if (this.speechEnd.listening) this.speechEnd.audio(base64, this.law);
  }

  async setInputLaw(law: G711Law): Promise<void> {
    while (this.confirmation.busy) await this.confirmation.settled;
    if (law === this.law) return;
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- a failure is a value on this port
    if (this.wire.ending) throw this.wire.ending;
    await this.confirmation.expect(law, this.wire.send('session.update', { session: inputFormatUpdate(law) }));
  }

  /**
   * Resolves when the tools of the essential MCP servers are listed, or the model was told which are missing; each
   * server has its own bound. Rejects with a {@link ModelFailure} where the session is lost meanwhile.
   */
  async essentialToolsListed(): Promise<void> {
    await this.mcp.settled();
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- a failure is a value on this port
    if (this.wire.ending) throw this.wire.ending;
  }

  remember(item: HistoryItem): void {
    for (const wireItem of itemsOf(item)) this.wire.send('conversation.item.create', { item: wireItem });
  }

  giveToolOutput(toolCallId: string, output: string): void {
    this.wire.send('conversation.item.create', { item: toolOutputItem(toolCallId, output) });
  }

  createResponse({ withoutTools = false }: ResponseOptions = {}): string {
    return this.wire.send('response.create', withoutTools ? { response: { tool_choice: 'none' } } : {});
  }

  cancelResponse(responseId: string): void {
    this.wire.send('response.cancel', { response_id: responseId });
  }

  truncateItem(itemId: string, heardMs: number): void {
    this.wire.send('conversation.item.truncate', { item_id: itemId, content_index: 0, audio_end_ms: heardMs });
  }

  deleteItem(itemId: string): void {
    this.wire.send('conversation.item.delete', { item_id: itemId });
  }

  /**
   * Turn detection stays as it is: to change it while somebody speaks begins it anew and loses their words. What the
   * model would answer is cancelled as it begins.
   */
  finishListening(callerSpeaking: boolean): void {
    if (!this.listener || this.listener instanceof LastWords) return;
    this.mcp.hangUp();
    // The silence that ends the turn is ours from now on.
    this.speechEnd.stop();
    const endTurn = (): void => this.appendAudio(closingSilence(this.around.config.assistant.vad, this.law));
    this.listener = new LastWords(this.listener, { cancelResponse: (id) => this.cancelResponse(id), endTurn });
    if (this.activeResponseId !== undefined) this.cancelResponse(this.activeResponseId);
    if (callerSpeaking) endTurn();
  }

  close(): void {
    this.listener = undefined;
    this.wire.close(CLOSED);
  }

  private receive(message: Buffer, isBinary: boolean): void {
    const delta = isBinary ? undefined : scanAudioDelta(message);
    if (delta) {
      this.listener?.audio(delta.responseId, delta.itemId, delta.audio);
      return;
    }
    const parsed = parseServerEvent(message);
    if (parsed.kind === 'event') this.handle(parsed.event);
    else if (parsed.kind === 'other') this.around.counters.modelEventsUnused++;
    else {
      this.around.counters.modelEventsInvalid++;
      this.around.log.warn({ reason: parsed.reason }, 'event from OpenAI that cannot be read, passed over');
    }
  }

  private handle(event: ServerEvent): void {
    switch (event.type) {
      case 'session.created':
        this.created(event.session);
        return;
      case 'session.updated': {
        const { configured } = this.confirmation;
        this.confirmation.echoed(event.session);
        if (!configured && this.confirmation.configured) this.mcp.configured();
        return;
      }
      case 'error':
        this.refused(event.error);
        return;
      default:
        this.talk(event);
    }
  }

  private created({ id, expires_at: expiresAtS }: ServerSession): void {
    const { config, clock, declarations } = this.around;
    const { openedMs } = this;
    this.id = id ?? '';
    const { renewAfterMs } = config.openai;
    const [nowMs, epochNowMs] = [clock.nowMs(), Date.now()];
    this.renewAtMs = renewalTimeMs({ openedMs, renewAfterMs, nowMs, epochNowMs, expiresAtS });
    const parts = { assistant: config.assistant, declarations, mcp: config.tools.mcp };
    this.wire.send('session.update', { session: sessionConfig(parts, this.law) });
  }

  private talk(event: TalkEvent): void {
    if (event.type === 'input_audio_buffer.speech_started') this.speechEnd.speechStarted();
    else if (event.type === 'input_audio_buffer.speech_stopped') this.speechEnd.speechStopped();
    if (event.type === 'response.created') this.activeResponseId = event.response.id;
    else if (event.type === 'response.done' && event.response.id === this.activeResponseId) {
      this.activeResponseId = undefined;
    }
    this.mcp.see(event);
    if (this.listener) this.teller.tell(event, this.listener);
  }

  /** An `error` event: never the end by itself, unless the session is not configured yet or a close follows. */
  private refused(error: ApiError & RefusedRequest): void {
    const failure = failureOfError(error);
    this.wire.lastError = failure;
    if (this.confirmation.isRefusedBy(error)) this.wire.close(failureOfConfiguration(error));
    else this.listener?.refused(failure.code, error.event_id ?? undefined);
  }

  /** Whoever waits for the session or listens to it is told, once. */
  private over(failure: ModelFailure): void {
    this.speechEnd.stop();
    this.mcp.close();
    this.confirmation.end(failure);
    this.tellLost(failure);
  }

  private tellLost(failure: ModelFailure): void {
    const { listener } = this;
    this.listener = undefined;
    listener?.lost(failure);
  }

  /** A mistake of ours while handling an event ends this session, not the process. */
  private guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.failed(error);
    }
  }

  private failed(error: unknown): void {
    this.around.log.error({ err: error }, 'event from OpenAI could not be handled');
    this.wire.close({ kind: 'retryable', code: 'internal-error', message: 'an event could not be handled' });
  }
}
