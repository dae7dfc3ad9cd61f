import { type Logger } from 'pino';
import { type Clock } from '../common/clock.js';
import { type Config } from '../config/config.js';
import { type CallCommands, type StreamRequest } from './call-commands.js';
import { type CallRules, type Wait } from './call-events.js';
import { Call, type CallSurroundings } from './call.js';
import { writeClientState } from './client-state.js';
import { type EndReason, isFailure } from './end-reason.js';
import { signStreamToken } from './stream-token.js';
import { STREAM_PATH } from './stream-url.js';

/** A stream asked for with `streaming_start` is there within a second or two where it can be. */
const RESTARTED_STREAM_WAIT_MS = 5_000;
/** Speaking takes about 70 ms a character; with the start and end of it, more than this is a lost webhook. */
const SENTENCE_WAIT_MS = { base: 6_000, perCharacter: 100 };
/** Above the time that a second leg rings: its answer or its end is told within seconds, and told again when that fails. */
const SECOND_LEG_GRACE_MS = 15_000;
/** Telnyx cuts every call off after four hours. */
const TRANSFERRED_WAIT_MS = 250 * 60_000;
/** The `call.hangup` webhook follows a hang-up within a second; its retries within a minute. */
const HANGUP_WAIT_MS = 20_000;

/** How long a second leg is waited for, with its webhooks. */
export function secondLegWaitMs(config: Config): number {
  return config.transfer.ringS * 1000 + SECOND_LEG_GRACE_MS;
}

/** The longest that Telnyx may need to speak a sentence. */
export function speakingWaitMs(sentence: string): number {
  return SENTENCE_WAIT_MS.base + sentence.length * SENTENCE_WAIT_MS.perCharacter;
}

/** What a call tells of itself to whoever carries it. */
export type CallOwner = Pick<CallSurroundings, 'ending' | 'cameBack' | 'handedOver' | 'released' | 'expectSecondLeg'>;

/** Makes calls as the configuration wants them. */
export class CallFactory {
  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly commands: CallCommands,
  ) {}

  /** @param baseUrl of the call's media streams. */
  make(callControlId: string, baseUrl: string, log: Logger, owner: CallOwner): Call {
    return new Call(callControlId, {
      clock: this.clock,
      commands: this.commands,
      log,
      rules: this.rules,
      waitsMs: this.waitsMs,
      streamRequest: (attempt) => this.streamRequest(callControlId, baseUrl, attempt),
      ...owner,
    });
  }

  /** What the caller hears before a call is ended for this reason. */
  wordsFor(reason: EndReason): string {
    return isFailure(reason) ? this.rules.failure.sentence : this.config.sentences.sorry;
  }

  /** @param attempt number of the stream within the call. */
  streamRequest(callControlId: string, baseUrl: string, attempt: number): StreamRequest {
    const { auth, tokenSecret } = this.config.stream;
    const claims = { callControlId, issuedAtS: Math.floor(Date.now() / 1000), attempt, baseUrl };
    const token = auth === 'off' ? '' : `/${signStreamToken(claims, tokenSecret.value)}`;
    const clientState = writeClientState({ pod: this.config.pod.name, address: this.config.pod.ip });
    return { url: `${baseUrl}${STREAM_PATH}${token}`, clientState };
  }

  private get rules(): CallRules {
    const { sentences, transfer, stream } = this.config;
    const { fallbackTo } = transfer;
    const sentence = fallbackTo === undefined ? sentences.sorry : sentences.fallback;
    return { maxRestarts: stream.maxRestarts, failure: { sentence, fallbackTo } };
  }

  private get waitsMs(): Record<Wait, number> {
    const { startTimeoutMs, redialWaitMs } = this.config.stream;
    // One wait for all of them: the longest sentence bounds the silence after a lost webhook.
    const longest = Math.max(...Object.values(this.config.sentences).map(speakingWaitMs));
    return {
      'first-stream': startTimeoutMs,
      redial: redialWaitMs,
      'restarted-stream': RESTARTED_STREAM_WAIT_MS,
      'second-leg': secondLegWaitMs(this.config),
      transferred: TRANSFERRED_WAIT_MS,
      sentence: longest,
      hangup: HANGUP_WAIT_MS,
    };
  }
}
