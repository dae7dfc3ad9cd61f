import { randomUUID } from 'node:crypto';
import { defaultAccount, readAccount, type TelnyxAccount } from './account.js';
import { type CallHost, type CallRequest } from './call-host.js';
import { callStatus, listActiveCalls, retrieveStatus } from './call-status.js';
import { CommandIds } from './command-ids.js';
import { dial, isCommand, refuseCommand, runCommand } from './commands.js';
import { EventLog } from './event-log.js';
import { TelnyxFaults } from './faults.js';
import { FrameTicker } from './frame-ticker.js';
import { newCallControlId } from './ids.js';
import { restError } from './rest-errors.js';
import { errorReply, okReply, type RestReply, type RestRequest, RestServer } from './rest-server.js';
import { SimulatedCall } from './simulated-call.js';
import { DEFAULT_SWITCHES, type TelnyxSwitches } from './switches.js';
import { Timers } from './timers.js';
import { type DeliveryRecord, WebhookSender } from './webhook-sender.js';
import { newKeyPair, type TelnyxKeyPair } from './webhook-signature.js';
import { type DeliveryOverrides, newWebhookEvent, type WebhookPayload } from './webhook-wire.js';

export interface TelnyxDoubleOptions {
  /** Where webhooks go; may be set later. */
  readonly webhookUrl: string | undefined;
  /** Port of the REST API. Default: any free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** The key that the app must send; `null` accepts any. Default `KEY-double`. */
  readonly apiKey?: string | null;
  readonly switches?: Partial<TelnyxSwitches>;
  /** Signs the webhooks. Default: a new pair. */
  readonly keyPair?: TelnyxKeyPair;
  readonly account?: Partial<TelnyxAccount>;
  /**
   * Where the socket for a `stream_url` goes. Default: as given, but `wss` to this very machine becomes `ws`, as if an
   * ingress in front of the app had ended TLS.
   */
  readonly mapStreamUrl?: (streamUrl: string) => string;
}

const DEFAULT_API_KEY = 'KEY-double';
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

function endTlsAtLoopback(streamUrl: string): string {
  const url = new URL(streamUrl);
  if (url.protocol === 'wss:' && LOOPBACK.test(url.hostname)) url.protocol = 'ws:';
  return url.href;
}

/** Telnyx in one object: the Call Control API, signed webhooks, and callers whose media streams speak to the app. */
export class TelnyxDouble implements CallHost {
  readonly switches: TelnyxSwitches;
  readonly faults = new TelnyxFaults();
  readonly account: TelnyxAccount;
  readonly ticker = new FrameTicker();
  readonly timers = new Timers();
  readonly userId = randomUUID();
  /** Every call leg, newest last; those that the app dialled too. */
  readonly calls: SimulatedCall[] = [];
  webhookUrl: string | undefined;

  private readonly restRequests: RestRequest[] = [];
  private readonly deliveries: DeliveryRecord[] = [];
  private readonly deliveryLog: EventLog<string>;
  private readonly requestLog: EventLog<string>;
  private readonly commandIds = new CommandIds();
  private readonly byControlId = new Map<string, SimulatedCall>();
  private readonly sender: WebhookSender;
  private readonly keyPair: TelnyxKeyPair;
  private server: RestServer | undefined;

  private constructor(private readonly options: TelnyxDoubleOptions) {
    this.switches = { ...DEFAULT_SWITCHES, ...options.switches };
    this.account = { ...defaultAccount(), ...options.account };
    this.keyPair = options.keyPair ?? newKeyPair();
    this.webhookUrl = options.webhookUrl;
    this.deliveryLog = new EventLog('webhooks', this.ticker.now);
    this.requestLog = new EventLog('REST requests', this.ticker.now);
    this.sender = new WebhookSender({
      keyPair: this.keyPair,
      switches: this.switches,
      faults: this.faults.webhooks,
      defaultUrl: () => this.webhookUrl,
      onAttempt: (record) => {
        this.deliveries.push(record);
        this.deliveryLog.add(record.event_type, String(record.status ?? record.error));
      },
    });
  }

  static async start(options: TelnyxDoubleOptions): Promise<TelnyxDouble> {
    const double = new TelnyxDouble(options);
    double.server = await RestServer.start({
      host: options.host ?? '127.0.0.1',
      port: options.port ?? 0,
      apiKey: options.apiKey === null ? undefined : (options.apiKey ?? DEFAULT_API_KEY),
      faults: double.faults.rest,
      onRequest: (request) => {
        double.restRequests.push(request);
        double.requestLog.add(request.action);
      },
      handle: (request, path, query) => double.handle(request, path, query),
    });
    return double;
  }

  /** Base URL for the app's REST client. */
  get restUrl(): string {
    return `http://${this.options.host ?? '127.0.0.1'}:${this.server?.port}/v2`;
  }

  /** What the portal shows as public key: base64 of 32 bytes. */
  get publicKey(): string {
    return this.keyPair.publicKey;
  }

  get apiKey(): string {
    return this.options.apiKey ?? DEFAULT_API_KEY;
  }

  /** Every REST request, in order. */
  get requests(): readonly RestRequest[] {
    return this.restRequests;
  }

  /** Every attempt to deliver a webhook that has ended, in order of its end. */
  get webhooks(): readonly DeliveryRecord[] {
    return this.deliveries;
  }

  /** Someone calls the app's number: `call.initiated` goes out. */
  placeCall(request: CallRequest = {}): SimulatedCall {
    const call = this.newCall('incoming', request);
    call.reporter.initiated();
    const { firstCommandTimeoutMs } = this.switches;
    if (firstCommandTimeoutMs !== undefined) {
      this.timers.after(firstCommandTimeoutMs, () => {
        const commanded = this.restRequests.some(({ callControlId }) => callControlId === call.callControlId);
        if (!commanded) call.end({ cause: 'timeout', source: 'unknown', sipCause: '480' });
      });
    }
    return call;
  }

  /** A leg that Telnyx dials for the app; it is announced after the command was answered. */
  dial(request: CallRequest): SimulatedCall {
    const call = this.newCall('outgoing', request);
    this.timers.after(this.switches.commandEffectDelayMs, () => call.reporter.initiated());
    return call;
  }

  find(callControlId: string): SimulatedCall | undefined {
    return this.byControlId.get(callControlId);
  }

  emit(call: SimulatedCall, eventType: string, payload: WebhookPayload): void {
    const retryDelaysMs = call.webhookRetryDelaysMs[eventType];
    this.sender.emit(call.callControlId, newWebhookEvent(eventType, payload), {
      ...(call.webhookUrl === undefined ? {} : { url: call.webhookUrl }),
      ...(retryDelaysMs === undefined ? {} : { retryDelaysMs }),
    });
  }

  socketUrl(streamUrl: string): string {
    return (this.options.mapStreamUrl ?? endTlsAtLoopback)(streamUrl);
  }

  /**
   * Delivers any event, true or not, whatever the faults say.
   * @returns the last attempt
   */
  sendWebhook(eventType: string, payload: WebhookPayload, overrides: DeliveryOverrides = {}): Promise<DeliveryRecord> {
    return this.sender.deliver(newWebhookEvent(eventType, payload, overrides), overrides);
  }

  /** Resolves with the `count`th delivery attempt of an event type (any call); rejects after `timeoutMs`. */
  waitForWebhook(eventType: string, timeoutMs = 10_000, count = 1): Promise<DeliveryRecord> {
    const find = (): DeliveryRecord | undefined =>
      this.deliveries.filter((record) => record.event_type === eventType)[count - 1];
    return this.deliveryLog.waitUntil(find, timeoutMs, eventType);
  }

  /** Resolves with the `count`th request for an action (any call); rejects after `timeoutMs`. */
  waitForRequest(action: string, timeoutMs = 10_000, count = 1): Promise<RestRequest> {
    const find = (): RestRequest | undefined =>
      this.restRequests.filter((request) => request.action === action)[count - 1];
    return this.requestLog.waitUntil(find, timeoutMs, action);
  }

  /** Resolves when no webhook is under way, retries included. */
  settled(): Promise<void> {
    return this.sender.settled();
  }

  /** Worst lateness of any media frame: above a few milliseconds this process was too busy to be believed. */
  get maxLagMs(): number {
    return this.calls.flatMap((call) => call.streams).reduce((worst, stream) => Math.max(worst, stream.maxLagMs), 0);
  }

  /** Starts the measure of `maxLagMs` anew, after a set-up that is not to count. */
  resetLag(): void {
    for (const stream of this.calls.flatMap((call) => call.streams)) stream.resetLag();
  }

  /** Cuts everything off and leaves no handle open. */
  async close(): Promise<void> {
    this.timers.clear();
    for (const call of this.calls) call.dispose();
    this.ticker.close();
    this.deliveryLog.close();
    this.requestLog.close();
    await Promise.all([this.sender.close(), this.server?.close()]);
  }

  private newCall(direction: 'incoming' | 'outgoing', request: CallRequest): SimulatedCall {
    const call = new SimulatedCall(this, direction, request);
    this.calls.push(call);
    this.byControlId.set(call.callControlId, call);
    return call;
  }

  private handle(request: RestRequest, path: readonly string[], query: URLSearchParams): RestReply {
    const [resource, id] = path;
    if (request.method === 'POST' && resource === 'calls' && path.length === 1) return this.handleDial(request);
    // The one command that is a PUT.
    const method = request.action === 'client_state_update' ? 'PUT' : 'POST';
    if (request.method === method && path.length === 4 && path[2] === 'actions' && id !== undefined) {
      return this.handleCommand(request, id);
    }
    if (request.method === 'GET' && resource === 'calls' && path.length === 2 && id !== undefined) {
      const status = retrieveStatus(this.find(id), this.ticker.now(), this.switches.endedCallKeptMs);
      return status === undefined ? errorReply(restError('10005')) : okReply({ data: status });
    }
    if (request.method === 'GET' && resource === 'connections' && path[2] === 'active_calls') {
      return okReply(listActiveCalls(this.calls, id ?? '', query, this.switches.activeCallsPaging));
    }
    if (request.method === 'GET' && resource === 'public_key' && path.length === 1) {
      return okReply({ data: { public: this.publicKey, record_type: 'public_key' } });
    }
    const body = request.method === 'GET' ? readAccount(this.account, path, query) : undefined;
    return body === undefined ? errorReply(restError('10005')) : okReply(body);
  }

  private handleDial(request: RestRequest): RestReply {
    const now = this.ticker.now();
    const { command_id: commandId } = request.body;
    const seen = this.commandIds.find(now, 'dial', commandId);
    if (seen !== undefined) return seen;
    const call = dial(this, request.body);
    if (!(call instanceof SimulatedCall)) return errorReply(call);
    const status = { ...callStatus(call), is_alive: false };
    if (this.switches.dialIdChanges) {
      status.call_control_id = newCallControlId();
      this.byControlId.set(status.call_control_id, call);
    }
    const reply = okReply({ data: status });
    this.commandIds.remember(now, 'dial', commandId, reply, this.switches.commandDedupeMs);
    return reply;
  }

  private handleCommand(request: RestRequest, callControlId: string): RestReply {
    const now = this.ticker.now();
    const { body, action } = request;
    const call = this.find(callControlId);
    if (!isCommand(action)) return errorReply(restError('10005'));
    if (call === undefined) return errorReply(restError(this.switches.unknownCall));
    const seen = this.commandIds.find(now, callControlId, body['command_id']);
    if (seen !== undefined) return seen;
    const refused = refuseCommand(this, call, action, body);
    if (refused !== undefined) return errorReply(refused);
    runCommand(this, call, action, body);
    const reply = okReply({ data: { result: 'ok' } });
    this.commandIds.remember(now, callControlId, body['command_id'], reply, this.switches.commandDedupeMs);
    return reply;
  }
}
