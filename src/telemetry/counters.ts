import { Injectable, Optional } from '@nestjs/common';
import { type Refusal } from '../calls/call-intake.js';
import { END_REASONS, type EndReason } from '../calls/end-reason.js';
import { failureClass } from './conversation/failure-class.js';
import { LineFigures } from './metrics/line-figures.js';
import { Meters } from './metrics/meters.js';
import {
  FAILURE_CLASSES,
  MODEL_WORK,
  type ModelWork,
  type Overflow,
  OVERFLOWS,
  REJECTIONS,
} from './metrics/reasons.js';
import { RelaySampler } from './metrics/relay-sampler.js';
import { TURN_CAUSES, TURN_OUTCOMES } from './metrics/table/feeling.js';
import { eachOf, Tally } from './metrics/tally.js';
import { UsageFigures } from './metrics/usage-figures.js';

/** What this process has counted since it started: plain fields, cheap enough for every path. */
@Injectable()
export class Counters {
  webhooks = 0;
  webhooksRefused = 0;
  webhooksDuplicate = 0;
  webhooksUnreadable = 0;
  /** Events that Parley has no use for, known or not. */
  webhooksIgnored = 0;
  webhookFailures = 0;
  callsAnswered = 0;
  callsRejected = 0;
  /** Sent to OVERFLOW_NUMBER instead. */
  callsOverflowed = 0;
  /** Transfers begun: the assistant's, and those to FALLBACK_NUMBER. */
  transfers = 0;
  /** Transfers after which the caller was back with the assistant. */
  transfersFailed = 0;
  callsEnded = 0;
  /** Calls that went on elsewhere: taken over, or handed over. */
  callsLeft = 0;
  /** Calls taken up from another pod, in the middle of them. */
  callsTakenUp = 0;
  /** Media streams asked for again, so that a call can go on on another pod. */
  callsMoved = 0;
  /** Webhooks that another pod was given. */
  webhooksForwarded = 0;
  /** Media sockets that another pod was given. */
  streamsRelayed = 0;
  streamsStarted = 0;
  /** Media sockets that ended, with their call or before it. */
  streamsEnded = 0;
  streamsRefused = 0;
  framesInvalid = 0;
  framesUnknown = 0;
  modelConnects = 0;
  modelConnectFailures = 0;
  modelSessionsLost = 0;
  /** Events of the model that Parley has no use for, known or not. */
  modelEventsUnused = 0;
  modelEventsInvalid = 0;
  modelRefusals = 0;
  interruptions = 0;
  responses = 0;
  responsesFailed = 0;
  resumes = 0;
  reportsDelivered = 0;
  /** Refused by their receiver, or given up after long. */
  reportsFailed = 0;
  /** There was no room for them, or no time before the process left. */
  reportsDropped = 0;
  /** Milliseconds of the assistant's speech that were cut off before they were heard. */
  playoutDroppedMs = 0;
  /** Failed attempts to send spans or metrics. */
  exportFailures = 0;

  readonly rejections = new Tally(REJECTIONS);
  readonly overflows = new Tally(OVERFLOWS);
  /** Of calls that are over for this pod, by what ended them. */
  readonly endings = new Tally(END_REASONS);
  readonly turns = eachOf(TURN_CAUSES, () => new Tally(TURN_OUTCOMES));
  readonly modelErrors = eachOf(MODEL_WORK, () => new Tally(FAILURE_CLASSES));
  readonly line = new LineFigures();
  readonly usage = new UsageFigures();
  readonly relaySampler = new RelaySampler();

  // Not shown where the counters are written out.
  readonly #meters: Meters;

  constructor(@Optional() meters?: Meters) {
    this.#meters = meters ?? new Meters();
  }

  callRejected(reason: Refusal): void {
    this.callsRejected++;
    this.rejections.add(reason);
  }

  callOverflowed(reason: Overflow): void {
    this.callsOverflowed++;
    this.overflows.add(reason);
  }

  /** @param durationMs since the call was announced, wherever that was. */
  callEnded(reason: EndReason, durationMs: number): void {
    this.callsEnded++;
    this.endings.add(reason);
    this.#meters.record('parley.call.duration', durationMs / 1_000, {});
  }

  /** @param code of the failure, or the model's own word. */
  modelFailed(during: ModelWork, code: string): void {
    this.modelErrors[during].add(failureClass(code));
  }
}
