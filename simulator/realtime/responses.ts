import { bytesPerMs } from './audio-format.js';
import { type Conversation, wireItem } from './conversation.js';
import { type RealtimeFaults } from './faults.js';
import { newId } from './ids.js';
import { type McpHost } from './mcp-host.js';
import { ResponseLadder } from './response-ladder.js';
import { type ResponseParams } from './response-params.js';
import { type PlannedItem } from './response-plan.js';
import { type Outcome, ResponseRun } from './response-run.js';
import { type AssistantScript, chooseReply, planReply, type ScriptedReply } from './script.js';
import { type SessionWire } from './session-wire.js';
import { type RealtimeSwitches } from './switches.js';
import { type Timers } from './timers.js';
import { itemTokens, PromptCache, sumTokens, textTokens, type Tokens, usageOf } from './usage.js';
import { type VoiceBox } from './voice-synth.js';
import { alreadyActive, cancelNotActive, invalidRequest, serverError } from './wire-errors.js';
import { type WireError, type WireResponse } from './wire-types.js';

export interface ResponsesOptions {
  sessionId: string;
  conversationId: string;
  wire: SessionWire;
  conversation: Conversation;
  switches: RealtimeSwitches;
  faults: RealtimeFaults;
  timers: Timers;
  voices: VoiceBox;
  script: () => AssistantScript;
  mcp: McpHost;
  /** The first content of a response of the conversation goes out. */
  onFirstContent: () => void;
  /** A response of the conversation is done; `remainingMs` of its audio cannot have been played yet. */
  onDone: (outcome: Outcome, remainingMs: number) => void;
}

interface ActiveResponse {
  id: string;
  params: ResponseParams;
  ladder: ResponseLadder;
  run: ResponseRun;
  input: Tokens;
}

const TOKEN_LIMIT = 15_000_000;

/** A small deterministic generator (linear congruential), so that a run with a range of delta sizes can be repeated. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The responses of a session: one at a time in the conversation, any number beside it. */
export class Responses {
  readonly #options: ResponsesOptions;
  readonly #outOfBand = new Set<ActiveResponse>();
  readonly #cache = new PromptCache();
  readonly #random = seededRandom(1);
  #active: ActiveResponse | undefined;
  #replyIndex = 0;
  #tokensUsed = 0;

  constructor(options: ResponsesOptions) {
    this.#options = options;
  }

  /** Id of the response that is being generated in the conversation. */
  get activeId(): string | undefined {
    return this.#active?.id;
  }

  /**
   * Begins a response.
   * @param reply what is said; by default the script decides
   * @returns its id, or the error because of which there is none
   */
  create(params: ResponseParams, reply?: ScriptedReply): { id: string } | { error: WireError } {
    if (!params.outOfBand && this.#active) return { error: alreadyActive(this.#active.id) };
    const { wire, switches, faults } = this.#options;
    const approved = params.outOfBand || reply ? [] : this.#options.mcp.takeApproved();
    const response = this.#begin(params, approved.length > 0 ? approved : this.#plan(params, reply));
    if (params.outOfBand) this.#outOfBand.add(response);
    else this.#active = response;
    wire.send({ type: 'response.created', response: this.#shown(response, 'in_progress', null) });
    wire.sendUnknown({ response_id: response.id });
    if (switches.rateLimitsPosition === 'after-created') this.#sendRateLimits();
    const failure = faults.take('failResponse', ({ afterAudioMs }) => afterAudioMs === undefined);
    const cut = failure ?? faults.take('incompleteResponse', ({ afterAudioMs }) => afterAudioMs === undefined);
    if (!cut) response.run.start();
    else if ('code' in cut) response.run.end({ status: 'failed', error: failureOf(cut.code) });
    else response.run.end({ status: 'incomplete', reason: cut.reason });
    return { id: response.id };
  }

  /** `response.cancel`: of the given response, or of the conversation's active one. */
  cancel(responseId: string | undefined): WireError | undefined {
    const candidates = [...(this.#active ? [this.#active] : []), ...(responseId === undefined ? [] : this.#outOfBand)];
    const found = candidates.find(({ id }) => responseId === undefined || id === responseId);
    if (!found) return cancelNotActive();
    found.run.end({ status: 'cancelled', reason: 'client_cancelled' });
    return undefined;
  }

  /** The caller began to speak: what is being generated in the conversation ends. */
  interrupt(): void {
    const late = this.#options.switches.lateDeltasAfterInterrupt;
    this.#active?.run.end({ status: 'cancelled', reason: 'turn_detected' }, late);
  }

  #chooseReply(params: ResponseParams): ScriptedReply {
    const { script, conversation, sessionId } = this.#options;
    if (params.outOfBand) return script().outOfBand ?? { text: 'An answer beside the conversation.' };
    const lastInput = conversation.live.findLast(
      (item) => item.role === 'user' || item.type === 'function_call_output' || item.type === 'mcp_call',
    );
    return chooseReply(script(), {
      sessionId,
      replyIndex: this.#replyIndex,
      instructions: params.instructions,
      lastInput: lastInput?.output ?? lastInput?.error?.message ?? lastInput?.text ?? '',
      toolChoice: params.toolChoice,
    });
  }

  /** What the response will be made of. Choosing comes first: it counts the replies before this one. */
  #plan(params: ResponseParams, given: ScriptedReply | undefined): PlannedItem[] {
    const { switches, voices, mcp } = this.#options;
    const reply = given ?? this.#chooseReply(params);
    const replyIndex = params.outOfBand ? this.#replyIndex : this.#replyIndex++;
    const planned = planReply(reply, {
      replyIndex,
      format: params.format,
      voices,
      planMcp: (label, name, argumentsText) => mcp.plan(label, name, argumentsText, params.tools),
    });
    if (switches.itemPhase) return planned;
    return planned.map((item) => (item.kind === 'message' ? { ...item, phase: undefined } : item));
  }

  #begin(params: ResponseParams, items: readonly PlannedItem[]): ActiveResponse {
    const { switches, conversation, wire, timers, mcp } = this.#options;
    const id = newId('resp');
    const ladder = new ResponseLadder({
      responseId: id,
      items,
      runMcp: (item, place) => mcp.run(item, place),
      modality: params.modality,
      bytesPerMs: bytesPerMs(params.format),
      itemShorterByMs: switches.itemShorterByMs,
      nextDeltaMs: () => this.#nextDeltaMs(),
      newItemId: () => newId('item'),
      ...(params.outOfBand
        ? {}
        : {
            place: (item) => {
              const placed = conversation.add(item);
              return 'error' in placed ? null : placed.previousItemId;
            },
          }),
    });
    const run = new ResponseRun({
      ladder,
      timers,
      responseDelayMs: switches.responseDelayMs,
      deliveryRatio: switches.deliveryRatio,
      argumentsDeltaDelayMs: switches.argumentsDeltaDelayMs,
      send: (event, audioMs) => wire.send(event, audioMs),
      endsEarly: (sentAudioMs) => this.#endsEarly(sentAudioMs, ladder, params.maxOutputTokens),
      onFirstContent: () => {
        if (!params.outOfBand) this.#options.onFirstContent();
      },
      onEnd: (outcome) => this.#end(response, outcome),
    });
    const response: ActiveResponse = { id, params, ladder, run, input: this.#inputOf(params) };
    return response;
  }

  #endsEarly(sentAudioMs: number, ladder: ResponseLadder, limit: number | 'inf'): Outcome | undefined {
    const { faults } = this.#options;
    const reached = ({ afterAudioMs }: { afterAudioMs?: number }) =>
      afterAudioMs !== undefined && sentAudioMs >= afterAudioMs;
    const failure = faults.take('failResponse', reached);
    if (failure) return { status: 'failed', error: failureOf(failure.code) };
    const cut = faults.take('incompleteResponse', reached);
    if (cut) return { status: 'incomplete', reason: cut.reason };
    const tokens = ladder.output.text + ladder.output.audio;
    return limit !== 'inf' && tokens >= limit ? { status: 'incomplete', reason: 'max_output_tokens' } : undefined;
  }

  #end(response: ActiveResponse, outcome: Outcome): void {
    const { wire, switches, timers, onDone } = this.#options;
    const { params, input, ladder, run } = response;
    if (this.#active === response) this.#active = undefined;
    this.#outOfBand.delete(response);
    const failed = outcome.status === 'failed' && ladder.items.length === 0;
    const cached = params.input ? { text: 0, audio: 0 } : this.#cache.take(this.#cachePrefix(params), input);
    const none = { text: 0, audio: 0 };
    const usage = failed ? usageOf(none, none, none) : usageOf(input, cached, ladder.output);
    this.#tokensUsed += usage.total_tokens ?? 0;
    wire.send({
      type: 'response.done',
      response: {
        ...this.#shown(response, outcome.status, usage),
        status_details: detailsOf(outcome),
        output: ladder.items.map((item) => wireItem(item)),
      },
    });
    if (switches.rateLimitsPosition === 'after-done') {
      timers.after(switches.rateLimitsDelayMs, () => this.#sendRateLimits());
    }
    if (params.outOfBand) return;
    const playedAtMost = run.firstContentAt === undefined ? 0 : performance.now() - run.firstContentAt;
    onDone(outcome, Math.max(0, run.sentAudioMs - playedAtMost));
  }

  #shown({ id, params }: ActiveResponse, status: WireResponse['status'], usage: WireResponse['usage']): WireResponse {
    return {
      id,
      object: 'realtime.response',
      status,
      status_details: null,
      output: [],
      conversation_id: params.outOfBand ? null : this.#options.conversationId,
      output_modalities: [params.modality],
      max_output_tokens: params.maxOutputTokens,
      audio: { output: { format: params.format, voice: params.voice } },
      usage,
      metadata: params.metadata,
    };
  }

  #inputOf(params: ResponseParams): Tokens {
    const preamble = { text: textTokens(params.instructions + JSON.stringify(params.tools)), audio: 0 };
    if (params.input) return { text: preamble.text + textTokens(JSON.stringify(params.input)), audio: 0 };
    return sumTokens([preamble, ...this.#options.conversation.live.map(itemTokens)]);
  }

  /** What must be the same as last time for the prompt cache to help. */
  #cachePrefix(params: ResponseParams): string {
    const { revision } = this.#options.conversation;
    return `${revision}/${JSON.stringify(params.tools)}/${params.instructions}`;
  }

  #nextDeltaMs(): number {
    const { deltaMs } = this.#options.switches;
    return typeof deltaMs === 'number' ? deltaMs : deltaMs.min + this.#random() * (deltaMs.max - deltaMs.min);
  }

  #sendRateLimits(): void {
    const remaining = TOKEN_LIMIT - (this.#tokensUsed % TOKEN_LIMIT);
    this.#options.wire.send({
      type: 'rate_limits.updated',
      rate_limits: [{ name: 'tokens', limit: TOKEN_LIMIT, remaining, reset_seconds: 0 }],
    });
  }
}

function failureOf(code: 'server_error' | 'rate_limit_exceeded' | 'insufficient_quota'): WireError {
  if (code === 'server_error') return serverError();
  if (code === 'rate_limit_exceeded') {
    return invalidRequest(code, 'Rate limit reached for tokens per minute. Please try again in 1.5s.');
  }
  const message = 'You exceeded your current quota, please check your plan and billing details.';
  return { type: 'insufficient_quota', code, message, param: null };
}

function detailsOf(outcome: Outcome): WireResponse['status_details'] {
  switch (outcome.status) {
    case 'completed':
      return null;
    case 'failed': {
      const { type, code, message } = outcome.error;
      return { type: 'failed', error: { type, message, ...(code === null ? {} : { code }) } };
    }
    default:
      return { type: outcome.status, reason: outcome.reason };
  }
}
