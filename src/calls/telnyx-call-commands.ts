import { Inject, Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { setTimeout as delay } from 'node:timers/promises';
import Telnyx from 'telnyx';
import { z } from 'zod';
import { CLOCK } from '../common/clock.token.js';
import { type Clock } from '../common/clock.js';
import { CONFIG } from '../config/config.token.js';
import { type Config } from '../config/config.js';
import {
  type ActiveCall,
  CallCommands,
  type CommandOutcome,
  type StreamRequest,
  type TransferRequest,
} from './call-commands.js';
import { commandId } from './command-id.js';
import { Meters } from '../telemetry/metrics/meters.js';
import { commandFailure } from '../telemetry/metrics/reasons.js';
import { type TelnyxAction } from '../telemetry/metrics/table/services.js';
import { CallTraces } from '../telemetry/trace/call-traces.js';
import { CommandSpans } from './command-spans.js';

/** "Call has already ended": every race with a caller who hangs up ends here. */
const CALL_ENDED = '90018';
/** "Command not allowed while streaming". */
const NOT_WHILE_STREAMING = '90045';
/** "Streaming not in use": what was to be stopped has stopped already. */
const NOT_STREAMING = '90048';
/** Telnyx's 200 means that a command was taken, not that it is done; what follows too soon is refused as before. */
const STOP_TAKES_EFFECT_MS = 250;
/** A stream that is moved to another pod is a gap for the caller: asked for again sooner, and then less soon. */
const STREAM_STOPS_WITHIN_MS = [40, 80, 250];
/** Two more tries after the first: with the time limit of one that stays below Telnyx's own patience with a call. */
const MAX_RETRIES = 2;
/** Whether Telnyx speaks beside a stream is a property of the service, not of a call: asked again after this long. */
const NOT_BESIDE_FOR_MS = 10 * 60_000;

/** Far above what one deployment carries; a list without an end is a mistake of somebody's. */
const MAX_ACTIVE_CALLS = 20_000;

const activeCall = z
  .object({
    call_control_id: z.string().min(1),
    client_state: z.string().optional().catch(undefined),
    call_duration: z.number().catch(0),
  })
  .transform(({ call_control_id, client_state, call_duration }) => ({
    callControlId: call_control_id,
    clientState: client_state,
    durationS: call_duration,
  }));

const errorBody = z.object({ errors: z.array(z.object({ code: z.coerce.string() })).min(1) });

/** Call Control over Telnyx's REST API. */
@Injectable()
export class TelnyxCallCommands extends CallCommands {
  private client: Telnyx | undefined;
  private clientKey = '';
  private besideAgainAtMs = -Infinity;
  private readonly spans: CommandSpans;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
    @InjectPinoLogger(TelnyxCallCommands.name) private readonly log: PinoLogger,
    traces: CallTraces,
    private readonly meters: Meters,
  ) {
    super();
    this.spans = new CommandSpans(traces, config.telnyx.baseUrl, new Set([NOT_STREAMING]));
  }

  answer(callControlId: string, stream?: StreamRequest): Promise<CommandOutcome> {
    return this.send('answer', callControlId, (actions) =>
      actions.answer(callControlId, {
        ...(stream && {
          ...this.streamOptions(stream),
          send_silence_when_idle: this.config.stream.sendSilenceWhenIdle,
        }),
        command_id: commandId(callControlId, 'answer'),
      }),
    );
  }

  rejectAsBusy(callControlId: string): Promise<CommandOutcome> {
    return this.send('reject', callControlId, (actions) =>
      actions.reject(callControlId, { cause: 'USER_BUSY', command_id: commandId(callControlId, 'reject') }),
    );
  }

  hangUp(callControlId: string): Promise<CommandOutcome> {
    return this.send('hangup', callControlId, (actions) =>
      actions.hangup(callControlId, { command_id: commandId(callControlId, 'hangup') }),
    );
  }

  async startStream(callControlId: string, stream: StreamRequest, attempt: number): Promise<CommandOutcome> {
    const outcome: CommandOutcome = await this.tryStartStream(callControlId, stream, String(attempt));
    if (outcome.ok || outcome.code !== NOT_WHILE_STREAMING) return outcome;
    // We have lost the socket, and Telnyx has not noticed yet; or has not come to stopping it, and soon will.
    await this.stopStream(callControlId, String(attempt));
    let again: CommandOutcome = outcome;
    for (const waitMs of STREAM_STOPS_WITHIN_MS) {
      await delay(waitMs);
      again = await this.tryStartStream(callControlId, stream, `${attempt} (stream stopped, +${waitMs} ms)`);
      if (again.ok || again.code !== NOT_WHILE_STREAMING) break;
    }
    return again;
  }

  private tryStartStream(callControlId: string, stream: StreamRequest, cause: string): Promise<CommandOutcome> {
    return this.send('streaming_start', callControlId, (actions) =>
      actions.startStreaming(callControlId, {
        ...this.streamOptions(stream),
        stream_bidirectional_sampling_rate: 8000,
        command_id: commandId(callControlId, 'streaming_start', cause),
      }),
    );
  }

  stopStream(callControlId: string, cause: string): Promise<CommandOutcome> {
    return this.send('streaming_stop', callControlId, (actions) =>
      actions.stopStreaming(callControlId, { command_id: commandId(callControlId, 'streaming_stop', cause) }),
    );
  }

  async transfer(callControlId: string, request: TransferRequest): Promise<CommandOutcome> {
    const cause = String(request.transfer);
    const outcome = await this.tryTransfer(callControlId, request, cause);
    if (outcome.ok || outcome.code !== NOT_WHILE_STREAMING) return outcome;
    // The stream was stopped before; Telnyx has not come to it yet.
    await delay(STOP_TAKES_EFFECT_MS);
    return this.tryTransfer(callControlId, request, `${cause} (stream stopped)`);
  }

  private tryTransfer(callControlId: string, request: TransferRequest, cause: string): Promise<CommandOutcome> {
    const { from, ringS } = this.config.transfer;
    return this.send('transfer', callControlId, (actions) =>
      actions.transfer(callControlId, {
        to: request.to,
        ...(from === undefined ? {} : { from }),
        timeout_secs: ringS,
        target_leg_client_state: request.clientState,
        command_id: commandId(callControlId, 'transfer', cause),
      }),
    );
  }

  sendKeys(callControlId: string, keys: string, cause: string): Promise<CommandOutcome> {
    return this.send('send_dtmf', callControlId, (actions) =>
      actions.sendDtmf(callControlId, { digits: keys, command_id: commandId(callControlId, 'send_dtmf', cause) }),
    );
  }

  async speak(callControlId: string, sentence: string): Promise<CommandOutcome> {
    const outcome = await this.trySpeak(callControlId, sentence, sentence);
    if (outcome.ok || outcome.code !== NOT_WHILE_STREAMING) return outcome;
    await this.stopStream(callControlId, 'for a sentence');
    await delay(STOP_TAKES_EFFECT_MS);
    return this.trySpeak(callControlId, sentence, `${sentence} (stream stopped)`);
  }

  async sayBeside(callControlId: string, sentence: string, cause: string): Promise<boolean> {
    if (this.clock.nowMs() < this.besideAgainAtMs) return false;
    const outcome = await this.trySpeak(callControlId, sentence, `${sentence} (${cause})`, { maxRetries: 0 });
    if (!outcome.ok && outcome.code === NOT_WHILE_STREAMING) {
      this.besideAgainAtMs = this.clock.nowMs() + NOT_BESIDE_FOR_MS;
    }
    return outcome.ok;
  }

  async isAlive(callControlId: string): Promise<boolean | undefined> {
    try {
      const { data } = await this.connected().calls.retrieveStatus(callControlId, { maxRetries: 0 });
      return data?.is_alive;
    } catch (error) {
      // Asked about a call that it has forgotten, Telnyx answers 404 or 422.
      const { status } = readFailure(error);
      return status !== undefined && status >= 400 && status < 500 && status !== 429 ? false : undefined;
    }
  }

  async activeCalls(connectionId: string): Promise<ActiveCall[]> {
    const active: ActiveCall[] = [];
    try {
      for await (const call of this.connected().connections.listActiveCalls(connectionId)) {
        const { success, data } = activeCall.safeParse(call);
        if (success) active.push(data);
        if (active.length === MAX_ACTIVE_CALLS) break;
      }
    } catch (error) {
      const { code, status } = readFailure(error);
      this.log.warn({ code, status }, 'Telnyx did not list the active calls');
    }
    return active;
  }

  private trySpeak(
    callControlId: string,
    sentence: string,
    cause: string,
    options?: { maxRetries: number },
  ): Promise<CommandOutcome> {
    const body = {
      payload: sentence,
      voice: this.config.telnyx.speakVoice,
      language: this.config.telnyx.speakLanguage as 'en-US',
      command_id: commandId(callControlId, 'speak', cause),
    };
    return this.send('speak', callControlId, (actions) => actions.speak(callControlId, body, options));
  }

  /** PCMU in RTP mode both ways: what the model speaks too, so that nothing is transcoded (reference: one byte, one sample). */
  private streamOptions(stream: StreamRequest) {
    return {
      stream_url: stream.url,
      stream_track: 'inbound_track',
      stream_codec: 'PCMU',
      stream_bidirectional_mode: 'rtp',
      stream_bidirectional_codec: 'PCMU',
      stream_bidirectional_target_legs: this.config.stream.targetLegs,
      client_state: stream.clientState,
    } as const;
  }

  private async send(
    action: TelnyxAction,
    callControlId: string,
    command: (actions: Telnyx['calls']['actions']) => Promise<unknown>,
  ): Promise<CommandOutcome> {
    const sentMs = performance.now();
    const outcome = await this.spans.record(action, callControlId, () => this.carryOut(action, callControlId, command));
    const failure = outcome.ok
      ? undefined
      : commandFailure(outcome.status, outcome.gone || outcome.code === NOT_STREAMING);
    this.meters.recordSince('parley.telnyx.command.duration', sentMs, { action, 'error.type': failure });
    return outcome;
  }

  private async carryOut(
    action: string,
    callControlId: string,
    command: (actions: Telnyx['calls']['actions']) => Promise<unknown>,
  ): Promise<CommandOutcome> {
    try {
      await command(this.connected().calls.actions);
      return { ok: true };
    } catch (error) {
      const outcome = readFailure(error);
      const line = { callId: callControlId, action, code: outcome.code, status: outcome.status };
      if (outcome.gone) this.log.debug(line, 'command came after the end of the call');
      else if (outcome.code === NOT_STREAMING) this.log.debug(line, 'the stream had stopped already');
      else this.log.warn(line, `Telnyx did not carry out '${action}'`);
      return outcome;
    }
  }

  /** The client with the present key: a rotated key file takes effect with the next command. */
  private connected(): Telnyx {
    const { apiKey, baseUrl, commandTimeoutMs } = this.config.telnyx;
    if (!this.client || this.clientKey !== apiKey.value) {
      this.clientKey = apiKey.value;
      this.client = new Telnyx({
        apiKey: apiKey.value,
        baseURL: baseUrl,
        timeout: commandTimeoutMs,
        maxRetries: MAX_RETRIES,
        fetch: this.spans.fetch,
        logLevel: 'off',
      });
    }
    return this.client;
  }
}

function readFailure(error: unknown): CommandOutcome & { ok: false } {
  if (error instanceof Telnyx.APIError) {
    const body = errorBody.safeParse(error.error);
    const code = body.success ? (body.data.errors[0]?.code ?? 'unknown') : error.name || 'unknown';
    return { ok: false, gone: code === CALL_ENDED, code, status: error.status as number | undefined };
  }
  return { ok: false, gone: false, code: error instanceof Error ? error.name : 'unknown', status: undefined };
}
