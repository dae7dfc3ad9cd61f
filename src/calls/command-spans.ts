import { AsyncLocalStorage } from 'node:async_hooks';
import { type CallTraces } from '../telemetry/trace/call-traces.js';
import { ATTRS, SPANS } from '../telemetry/trace/names.js';
import { type CommandOutcome } from './call-commands.js';
import { patientFetch } from './patient-fetch.js';

/** What became of a command's requests: Telnyx's client makes them again by itself. */
interface Sending {
  requests: number;
  status: number | undefined;
}

/** Commands to Telnyx in the traces of their calls: one span for each, however often it was sent. */
export class CommandSpans {
  private readonly sending = new AsyncLocalStorage<Sending>();

  /**
   * @param baseUrl of Telnyx's API.
   * @param harmless error codes that are no failures.
   */
  constructor(
    private readonly traces: CallTraces,
    private readonly baseUrl: string,
    private readonly harmless: ReadonlySet<string>,
  ) {}

  /** @param carryOut sends the command, with requests that go by `fetch`; does not reject. */
  async record(
    action: string,
    callControlId: string,
    carryOut: () => Promise<CommandOutcome>,
  ): Promise<CommandOutcome> {
    const trace = this.traces.of(callControlId);
    if (!trace.recording) return carryOut();
    const { hostname, port } = new URL(this.baseUrl);
    const attributes = {
      [ATTRS.callId]: callControlId,
      [ATTRS.httpMethod]: 'POST',
      [ATTRS.serverAddress]: hostname,
      [ATTRS.serverPort]: port === '' ? undefined : Number(port),
    };
    const span = trace.begin(SPANS.command(action), { kind: 'client', attributes });
    const sending: Sending = { requests: 0, status: undefined };
    const outcome = await this.sending.run(sending, carryOut);
    const { requests, status } = sending;
    span.set({ [ATTRS.httpStatus]: status, [ATTRS.httpResends]: requests > 1 ? requests - 1 : undefined });
    if (outcome.ok) span.end();
    else {
      span.set({ [ATTRS.telnyxErrorCode]: outcome.code });
      // A caller who was faster is no failure.
      span.end(outcome.gone || this.harmless.has(outcome.code) ? undefined : outcome.code);
    }
    return outcome;
  }

  /** As `patientFetch`; what comes of it is noted for the command that it belongs to. */
  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const sending = this.sending.getStore();
    if (sending) [sending.requests, sending.status] = [sending.requests + 1, undefined];
    const response = await patientFetch(input, init);
    if (sending) sending.status = response.status;
    return response;
  };
}
