import { randomBytes } from 'node:crypto';
import { type WebSocket } from 'ws';
import { EventLog } from './event-log.js';
import { type RealtimeFaults } from './faults.js';
import { newId } from './ids.js';
import { type RealtimeSwitches } from './switches.js';
import { type Timers } from './timers.js';
import { closeReasonOf } from './wire-errors.js';
import { type ServerEvent, type WireError } from './wire-types.js';

export interface SessionWireOptions {
  socket: WebSocket;
  switches: RealtimeSwitches;
  faults: RealtimeFaults;
  timers: Timers;
}

/** The sending half of a session's socket: gives every event its id, keeps a log, and is where sending goes wrong. */
export class SessionWire {
  readonly #socket: WebSocket;
  readonly #switches: RealtimeSwitches;
  readonly #faults: RealtimeFaults;
  readonly #timers: Timers;
  readonly #errors: WireError[] = [];
  /** Events sent, as sent; of audio deltas the length in ms (`audioMs`) in place of the audio. */
  readonly log = new EventLog('server event');
  #stalled = false;

  constructor({ socket, switches, faults, timers }: SessionWireOptions) {
    this.#socket = socket;
    this.#switches = switches;
    this.#faults = faults;
    this.#timers = timers;
    socket.on('ping', (data) => {
      if (!this.#stalled || this.#switches.pongWhileStalled) this.#whenOpen(() => socket.pong(data));
    });
    this.#pingLater();
  }

  /** The error objects of all `error` events so far. */
  get errors(): readonly WireError[] {
    return this.#errors;
  }

  /** @param audioMs playing time of the audio in the event, for the log */
  send(event: ServerEvent, audioMs = 0): void {
    if (this.#stalled || this.#socket.readyState !== this.#socket.OPEN) return;
    const { type } = event;
    const concerns = (detail: { type: string }) => detail.type === '*' || detail.type === type;
    const strikes = (detail: { type: string; nth?: number }) =>
      concerns(detail) && this.log.count(detail.type) + 1 >= (detail.nth ?? 1);
    if (this.#faults.take('drop', strikes)) return this.#socket.terminate();
    if (this.#faults.take('stall', strikes)) {
      this.#stalled = true;
      return;
    }
    const frame = { ...event, event_id: newId('event'), ...this.#decorations(type) };
    this.log.push(audioMs > 0 ? { ...frame, delta: undefined, audioMs } : frame);
    if (this.#faults.take('omit', concerns)) return;

    const text = JSON.stringify(frame);
    const late = this.#faults.take('late', concerns);
    if (late) {
      this.#timers.after(late.ms, () => this.#transmit(text));
      return;
    }
    this.#transmit(text);
    if (this.#faults.take('duplicate', concerns)) this.#transmit(text);
  }

  /** Sends an event of a type that no client knows; ignored unless the switch `unknownEvents` is on. */
  sendUnknown(fields: Record<string, unknown>): void {
    if (!this.#switches.unknownEvents || this.#stalled) return;
    this.#transmit(JSON.stringify({ type: 'response.double.unknown', event_id: newId('event'), ...fields }));
  }

  /** An `error` event, which by itself ends nothing. `clientEventId` is the id of the event that caused it. */
  fail(error: WireError, clientEventId: string | null = null): void {
    this.#errors.push(error);
    const eventId = this.#switches.errorEventIdNull ? null : clientEventId;
    this.send({ type: 'error', error: { ...error, event_id: eventId } });
  }

  /** An error that ends the session: the event, then a close whose reason names it. */
  failAndClose(error: WireError, closeCode: number, reason = closeReasonOf(error)): void {
    this.fail(error);
    this.#socket.close(closeCode, reason);
  }

  stall(): void {
    this.#stalled = true;
  }

  resume(): void {
    this.#stalled = false;
  }

  #transmit(text: string): void {
    this.#whenOpen(() => this.#socket.send(text, () => undefined));
  }

  /** Sending on a closing socket is no error of the double's. */
  #whenOpen(action: () => void): void {
    if (this.#socket.readyState === this.#socket.OPEN) action();
  }

  #decorations(type: string): Record<string, unknown> {
    const extra: Record<string, unknown> = {};
    if (this.#switches.obfuscation && type.endsWith('.delta')) extra['obfuscation'] = randomBytes(8).toString('base64');
    if (this.#switches.unknownEvents) extra['x_double'] = { unknown: true };
    return extra;
  }

  #pingLater(): void {
    this.#timers.after(this.#switches.pingIntervalMs, () => {
      if (!this.#stalled) this.#whenOpen(() => this.#socket.ping());
      this.#pingLater();
    });
  }
}
