import { Injectable } from '@nestjs/common';

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
}
