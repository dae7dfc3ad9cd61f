import { Inject, Injectable } from '@nestjs/common';
import { type Logger } from 'pino';
import { Ownership } from '../affinity/ownership.js';
import { TalkLog, type TalkWriter } from '../affinity/talk-log.js';
import { ThisPod } from '../affinity/this-pod.js';
import { CLOCK } from '../common/clock.token.js';
import { type Clock } from '../common/clock.js';
import { Keyring } from '../common/keyring.js';
import { Seal } from '../common/seal.js';
import { CONFIG } from '../config/config.token.js';
import { type Config } from '../config/config.js';
import { type SavedConversation } from '../conversation/record/saved-conversation.js';
import { CallCommands, type StreamRequest } from './call-commands.js';
import { type CallRules, type CallState, type Wait } from './call-events.js';
import { type CallPapers, openPapers, sealPapers } from './call-papers.js';
import { Call, type CallSurroundings } from './call.js';
import { FencedCommands } from './fenced-commands.js';
import { writeClientState } from './client-state.js';
import { type EndReason, isFailure } from './end-reason.js';
import { CallTraces } from '../telemetry/trace/call-traces.js';
import { ATTRS, SPANS } from '../telemetry/trace/names.js';
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
export type CallOwner = Pick<
  CallSurroundings,
  'ending' | 'cameBack' | 'handedOver' | 'released' | 'expectSecondLeg' | 'changed'
>;

/** What a call is made of. */
export interface CallParts {
  log: Logger;
  owner: CallOwner;
  /** As another pod left it; undefined: it begins. */
  state: CallState | undefined;
}

/** Makes calls as the configuration wants them, with commands that are sent only while the call is ours. */
@Injectable()
export class CallFactory {
  /** Fenced, where there can be other pods. */
  readonly commands: CallCommands;
  private readonly seal: Seal;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
    commands: CallCommands,
    private readonly keyring: Keyring,
    private readonly pod: ThisPod,
    private readonly ownership: Ownership,
    private readonly talks: TalkLog,
    private readonly traces: CallTraces,
  ) {
    // A pod that knows of no others is told by them of what they took.
    const mayAct = (callId: string): Promise<boolean> => ownership.mayAct(callId);
    this.commands = ownership.shared
      ? new FencedCommands(commands, mayAct, (callId) => this.fenceWatch(callId))
      : commands;
    this.seal = new Seal(keyring, 'call papers');
  }

  /** @param baseUrl of the call's media streams. */
  make(callControlId: string, baseUrl: string, { log, owner, state }: CallParts): Call {
    const around = {
      clock: this.clock,
      commands: this.commands,
      log,
      rules: this.rules,
      waitsMs: this.waitsMs,
      streamRequest: (attempt: number) => {
        // So that no other pod gives the same number to a stream of its own.
        void this.ownership.nextAttempt(callControlId);
        return this.streamRequest(callControlId, baseUrl, attempt, this.ownership.epochOf(callControlId));
      },
      ...owner,
    };
    return new Call(callControlId, around, state);
  }

  /**
   * Where a conversation of ours is written down for other pods; undefined where there can be none.
   * @param known what is written down of it already.
   */
  talkWriter(callControlId: string, known: SavedConversation | undefined): TalkWriter | undefined {
    const epoch = this.ownership.epochOf(callControlId);
    return epoch === undefined || !this.ownership.shared ? undefined : this.talks.open(callControlId, epoch, { known });
  }

  /** Audio of a call, for another pod alone. */
  sealAudio(callControlId: string, audio: Buffer): Buffer {
    return this.seal.seal(audio, `audio ${callControlId}`);
  }

  /** @returns undefined for what was not sealed by one of our pods. */
  unsealAudio(callControlId: string, sealed: Buffer): Buffer | undefined {
    return this.seal.unseal(sealed, `audio ${callControlId}`);
  }

  /** A call's papers as they are kept in the directory. */
  sealed(papers: CallPapers): Buffer {
    return sealPapers(papers, this.seal);
  }

  /** @returns undefined for papers that cannot be read. */
  papersOf(callControlId: string, sealed: Buffer | undefined): CallPapers | undefined {
    return openPapers(callControlId, sealed, this.seal);
  }

  /** What the caller hears before a call is ended for this reason. */
  wordsFor(reason: EndReason): string {
    return isFailure(reason) ? this.rules.failure.sentence : this.config.sentences.sorry;
  }

  /**
   * @param attempt number of the stream within the call.
   * @param epoch of the call.
   */
  streamRequest(callControlId: string, baseUrl: string, attempt: number, epoch = 0): StreamRequest {
    const { pod } = this;
    const { traceparent } = this.traces.of(callControlId);
    const issuedAtS = Math.floor(Date.now() / 1000);
    const claims = { callControlId, issuedAtS, attempt, epoch, baseUrl, pod, traceparent };
    const token = this.config.stream.auth === 'off' ? '' : `/${signStreamToken(claims, this.keyring)}`;
    const clientState = writeClientState({ pod, traceparent });
    return { url: `${baseUrl}${STREAM_PATH}${token}`, clientState };
  }

  /** Writes a command that is not sent into its call's trace, which this pod forgets with the call that it turns out to have lost. */
  private fenceWatch(callControlId: string): (action: string) => void {
    const trace = this.traces.of(callControlId);
    const startMs = Date.now();
    const attributes = { [ATTRS.callId]: callControlId, [ATTRS.commandFenced]: true, [ATTRS.pod]: this.pod.name };
    return (action) => {
      const span = { name: SPANS.command(action), startMs, endMs: Date.now(), attributes, error: 'not-ours' };
      trace.record({ ...span, kind: 'client' });
    };
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
