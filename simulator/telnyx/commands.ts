import { type CallHost, type CallRequest } from './call-host.js';
import { checkCommand, type CommandBody } from './command-params.js';
import { restError, type RestError } from './rest-errors.js';
import { type SimulatedCall } from './simulated-call.js';
import { type StreamRequest } from './stream-request.js';
import { type TelnyxCodec } from './switches.js';

interface Command {
  /** Whether the call must have been answered (90034). */
  readonly needsAnswer?: boolean;
  /** What else forbids it now. */
  readonly refuse?: (call: SimulatedCall, body: CommandBody, host: CallHost) => RestError | undefined;
  /** Happens at once, with the acceptance. */
  readonly accept?: (call: SimulatedCall, body: CommandBody, host: CallHost) => void;
  /** Happens after the `200 ok`. */
  readonly perform?: (call: SimulatedCall, body: CommandBody, host: CallHost) => void;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  answer: {
    refuse: (call) => {
      if (call.direction === 'outgoing') return restError('90102');
      return call.answering || call.state === 'answered' ? restError('90061') : undefined;
    },
    accept: (call) => (call.answering = true),
    perform: (call, body, host) => {
      const stream = streamRequest(body);
      const extras = host.switches.streamExtrasOnAnswer === 'honoured';
      call.answer(extras || stream === undefined ? stream : withoutExtras(stream));
    },
  },
  reject: {
    refuse: (call) => (call.answering || call.state === 'answered' ? restError('90061') : undefined),
    perform: (call, body) => call.reject(body['cause'] === 'USER_BUSY' ? 'USER_BUSY' : 'CALL_REJECTED'),
  },
  hangup: {
    perform: (call, _, { switches }) =>
      call.end({
        cause: 'normal_clearing',
        source: switches.hangupSourceOnApi,
        sipCause: switches.sipHangupCauseOnApi,
      }),
  },
  streaming_start: {
    needsAnswer: true,
    refuse: (call, _, { switches }) =>
      (call.streamStarting || call.mediaStreams.request !== undefined) && switches.secondStream === 'refused'
        ? restError('90045', { detail: 'A media stream is already active on this call.' })
        : undefined,
    accept: (call) => (call.streamStarting = true),
    perform: (call, body) => {
      call.streamStarting = false;
      call.mediaStreams.stop();
      const stream = streamRequest(body);
      if (stream !== undefined) call.mediaStreams.open(stream);
    },
  },
  streaming_stop: {
    refuse: (call) => (call.mediaStreams.request === undefined ? restError('90048') : undefined),
    perform: (call) => call.mediaStreams.stop(),
  },
  speak: { needsAnswer: true, perform: (call, body) => call.announcements.speak(text(body, 'payload')) },
  playback_start: {
    needsAnswer: true,
    perform: (call, { audio_url, media_name }) =>
      call.announcements.playback(media_name === undefined ? { media_url: audio_url ?? null } : { media_name }),
  },
  playback_stop: { perform: (call) => call.announcements.stop('cancelled') },
  send_dtmf: { needsAnswer: true, perform: (call, body) => call.sendDigits(text(body, 'digits')) },
  transfer: {
    refuse: (call, _, { switches }) =>
      call.state === 'answered' || switches.transferBeforeAnswer === 'accepted' ? undefined : restError('90034'),
    perform: (call, body, host) => transfer(call, body, host),
  },
  bridge: {
    needsAnswer: true,
    refuse: (_, body, host) => {
      const other = host.find(text(body, 'call_control_id'));
      if (other === undefined) return restError('90015', { pointer: '/call_control_id' });
      return other.state === 'ended' ? restError('90018') : undefined;
    },
    perform: (call, body, host) => {
      const other = host.find(text(body, 'call_control_id'));
      if (other !== undefined) call.bridge(other);
    },
  },
  client_state_update: {},
};

/** Every action that the double knows. */
export function isCommand(action: string): boolean {
  return action in COMMANDS;
}

/** @returns why the command is refused, or `undefined`: then `runCommand` may be called */
export function refuseCommand(
  host: CallHost,
  call: SimulatedCall,
  action: string,
  body: CommandBody,
): RestError | undefined {
  const command = COMMANDS[action];
  if (command === undefined) return restError('10005');
  if (call.state === 'ended') return restError('90018');
  const wrong = checkCommand(action, body);
  if (wrong !== undefined) return wrong;
  if (command.needsAnswer === true && call.state !== 'answered') return restError('90034');
  if (call.mediaStreams.request !== undefined && host.switches.refusedWhileStreaming.includes(action)) {
    return restError('90045');
  }
  return command.refuse?.(call, body, host);
}

/** Carries out a command that was not refused; its effect comes a moment after. */
export function runCommand(host: CallHost, call: SimulatedCall, action: string, body: CommandBody): void {
  const command = COMMANDS[action];
  if (typeof body['client_state'] === 'string') call.clientState = body['client_state'];
  const { webhook_url, webhook_retries_policies } = body;
  if (typeof webhook_url === 'string') call.webhookUrl = webhook_url;
  Object.assign(call.webhookRetryDelaysMs, retryPolicies(webhook_retries_policies));
  command?.accept?.(call, body, host);
  host.timers.after(host.switches.commandEffectDelayMs, () => {
    if (call.state !== 'ended') command?.perform?.(call, body, host);
  });
}

/** `POST /v2/calls`. @returns what is wrong, or the new leg, which rings from now on */
export function dial(host: CallHost, body: CommandBody): RestError | SimulatedCall {
  const wrong = checkCommand('dial', body);
  if (wrong !== undefined) return wrong;
  const { to, webhook_url } = body;
  const target: unknown = Array.isArray(to) ? to[0] : to;
  const call = host.dial({
    from: text(body, 'from'),
    to: String(target),
    connectionId: text(body, 'connection_id'),
    ...(typeof body['client_state'] === 'string' ? { clientState: body['client_state'] } : {}),
    ...(typeof webhook_url === 'string' ? { webhookUrl: webhook_url } : {}),
    webhookRetryDelaysMs: retryPolicies(body['webhook_retries_policies']),
  });
  const stream = streamRequest(body);
  host.timers.after(host.switches.commandEffectDelayMs, () => {
    // While it rings: `connected` comes now, `start` with the answer.
    if (stream !== undefined && call.state !== 'ended') call.mediaStreams.open(stream);
  });
  ring(host, call, () => {
    const { amdResult } = host.switches;
    const detection = body['answering_machine_detection'];
    if (typeof detection !== 'string' || detection === 'disabled') return;
    call.reporter.common('call.machine.detection.ended', { result: amdResult });
  });
  return call;
}

function transfer(call: SimulatedCall, body: CommandBody, host: CallHost): void {
  const clientState = body['target_leg_client_state'];
  const request: CallRequest = {
    from: typeof body['from'] === 'string' ? body['from'] : call.to,
    to: text(body, 'to'),
    connectionId: call.connectionId,
    callSessionId: call.callSessionId,
    ...(typeof clientState === 'string' ? { clientState } : {}),
    ...(call.webhookUrl === undefined ? {} : { webhookUrl: call.webhookUrl }),
  };
  call.parkAfterUnbridge = body['park_after_unbridge'] === 'self';
  const leg = host.dial(request);
  ring(host, leg, () => {
    // Where a call may be transferred before it is answered, the answer of the second leg is its answer.
    call.answer(undefined);
    call.bridge(leg);
  });
  const { timeout_secs: ringSeconds } = body;
  host.timers.after(1000 * (typeof ringSeconds === 'number' ? ringSeconds : DEFAULT_RING_SECONDS), () => {
    leg.decline('timeout');
  });
  // Nobody is left to talk to: the leg that still rings is given up with the caller.
  call.onEnded.push(() => leg.end({ cause: 'originator_cancel', source: 'caller', sipCause: '487' }));
}

/** `timeout_secs` where it is not given. */
const DEFAULT_RING_SECONDS = 30;

/** Lets a dialled leg ring; the switch says how that ends. */
function ring(host: CallHost, leg: SimulatedCall, onAnswer: () => void): void {
  leg.onAnswered.push(onAnswer);
  host.timers.after(host.switches.dialRingMs, () => {
    switch (host.switches.dialOutcome) {
      case 'answered':
        leg.pickUp();
        break;
      case 'busy':
        leg.decline('user_busy');
        break;
      case 'no_answer':
        leg.decline('no_answer');
        break;
      case 'manual':
        break;
    }
  });
}

/** The stream that a body asks for, with Telnyx's defaults (`mp3` and `opposite` are the two that bite). */
export function streamRequest(body: CommandBody): StreamRequest | undefined {
  const url = body['stream_url'];
  if (typeof url !== 'string') return undefined;
  // The enums were checked before.
  const pick = <T>(name: string, otherwise: T): T => (body[name] ?? otherwise) as T;
  return {
    url,
    track: pick<StreamRequest['track']>('stream_track', 'inbound_track'),
    codec: pick<TelnyxCodec | 'default'>('stream_codec', 'default'),
    bidirectionalMode: pick<'mp3' | 'rtp'>('stream_bidirectional_mode', 'mp3'),
    bidirectionalCodec: pick<TelnyxCodec>('stream_bidirectional_codec', 'PCMU'),
    bidirectionalSamplingRateHz: pick('stream_bidirectional_sampling_rate', 8000),
    targetLegs: pick<StreamRequest['targetLegs']>('stream_bidirectional_target_legs', 'opposite'),
    authToken: pick<string | undefined>('stream_auth_token', undefined),
    customParameters: customParameters(body['custom_parameters']),
  };
}

/** What the schema of `answer` does not have. */
function withoutExtras(stream: StreamRequest): StreamRequest {
  return { ...stream, authToken: undefined, customParameters: {}, bidirectionalSamplingRateHz: 8000 };
}

function customParameters(value: unknown): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const item of Array.isArray(value) ? (value as unknown[]) : []) {
    const { name, value: text } = (item ?? {}) as { name?: unknown; value?: unknown };
    if (typeof name === 'string' && typeof text === 'string') parameters[name] = text;
  }
  return parameters;
}

function retryPolicies(value: unknown): Record<string, readonly number[]> {
  const policies: Record<string, readonly number[]> = {};
  if (typeof value !== 'object' || value === null) return policies;
  for (const [event, policy] of Object.entries(value)) {
    const delays = (policy as { retries_ms?: unknown } | null)?.retries_ms;
    if (Array.isArray(delays)) policies[event] = delays.filter((delay) => typeof delay === 'number');
  }
  return policies;
}

function text(body: CommandBody, name: string): string {
  const value = body[name];
  return typeof value === 'string' ? value : '';
}
