import { setTimeout as delay } from 'node:timers/promises';
import { cpuMs, rssKib, waitMs } from '../process-usage.js';
import { Samples } from '../samples.js';
import { CallerLine } from './caller-line.js';
import { FrameSchedule } from './frame-schedule.js';
import { type ModelSession } from './model-session.js';
import { ModelServer } from './model-server.js';
import { type LoadGo, type LoadPlan, type LoadResult } from './plan.js';
import { FRAME_MS } from './stamps.js';
import { announceCall, reportHangUp } from './webhooks.js';

/** Calls that warm the relay up before its idle memory is read: code compiled, pools filled. Their frames do not count. */
const PRIMING_CALLS = 10;
const PRIMING_SENDER = 60_000;
const PRIMING_MS = 2000;
const RAMP_MS_PER_CALL = 10;
const WARM_UP_MS = 3000;
/** Long enough for the answers under way to be played out in real time. */
const DRAIN_MS = 9000;
/** Nothing more is coming when nothing has come for this long. */
const QUIET_MS = 2500;

type RelayUse = Pick<LoadResult, 'cpuMs' | 'waitMs' | 'idleRssKib' | 'loadedRssKib'>;

/** Both ends of every call, on one event loop and one clock. */
export class LoadGenerator {
  private lines: CallerLine[] = [];
  private schedule: FrameSchedule | undefined;
  private readonly latencyIn = new Samples();
  private readonly latencyOut = new Samples();
  private readonly lag = new Samples();
  private framesIn = 0;
  private framesOut = 0;
  private gapMs = 0;
  private lostLines = 0;
  private lastArrivalAtMs = 0;
  private windowFromMs = Infinity;
  private windowOpen = false;
  private ticking = true;
  private model!: ModelServer;

  private constructor(private readonly plan: LoadPlan) {}

  static async start(plan: LoadPlan): Promise<LoadGenerator> {
    const generator = new LoadGenerator(plan);
    generator.model = await ModelServer.start(plan, (sender, counter) => generator.arrivedAtModel(sender, counter));
    return generator;
  }

  get modelUrl(): string {
    return this.model.url;
  }

  /** Places the calls and measures. Rejects when calls do not come up or break. */
  async run(relay: LoadGo): Promise<LoadResult> {
    const ticker = this.tickForever();
    try {
      const primingLines = await this.connect(PRIMING_CALLS, PRIMING_SENDER, relay);
      await delay(PRIMING_MS);
      this.end(primingLines, relay);
      await delay(1000);
      const idleRssKib = rssKib(relay.relayPid);

      await this.connect(this.plan.calls, 0, relay);
      await this.allCallsReachTheModel();
      await delay(WARM_UP_MS);

      const before = { cpuMs: cpuMs(relay.relayPid), waitMs: waitMs(relay.relayPid) };
      this.windowFromMs = performance.now();
      this.windowOpen = true;
      await delay(this.plan.seconds * 1000);
      this.windowOpen = false;
      const windowMs = performance.now() - this.windowFromMs;
      const used: RelayUse = {
        cpuMs: cpuMs(relay.relayPid) - before.cpuMs,
        waitMs: Math.max(0, waitMs(relay.relayPid) - before.waitMs),
        idleRssKib,
        loadedRssKib: rssKib(relay.relayPid),
      };

      await this.drain();
      if (this.lostLines > 0) throw new Error(`${this.lostLines} media sockets were closed by the relay`);
      return this.result(windowMs, used);
    } finally {
      this.ticking = false;
      await ticker;
      this.end(this.lines, relay);
    }
  }

  close(): void {
    this.model.close();
  }

  private async connect(calls: number, firstSender: number, relay: LoadGo): Promise<CallerLine[]> {
    const lines = Array.from(
      { length: calls },
      (_, i) =>
        new CallerLine(
          firstSender + i,
          (sender, counter, nowMs, gapMs) => this.arrivedAtCaller(sender, counter, nowMs, gapMs),
          () => this.lostLines++,
        ),
    );
    this.lines = lines;
    this.schedule = new FrameSchedule(performance.now(), calls, FRAME_MS);
    const connecting = lines.map(async (line, i) => {
      await delay(i * RAMP_MS_PER_CALL);
      if (this.plan.announced) await announceCall(relay.mediaPort, line.callControlId);
      await line.connect(relay.mediaPort, relay.mediaPath);
    });
    await Promise.all(connecting);
    return lines;
  }

  private end(lines: CallerLine[], relay: LoadGo): void {
    for (const line of lines) {
      line.hangUp();
      reportHangUp(relay.mediaPort, line.callControlId);
    }
    if (lines === this.lines) this.lines = [];
  }

  private async allCallsReachTheModel(): Promise<void> {
    for (const untilMs = performance.now() + 15_000; performance.now() < untilMs; await delay(50)) {
      if (this.talkingSessions().length === this.plan.calls) return;
    }
    throw new Error(`only ${this.talkingSessions().length} of ${this.plan.calls} calls reached the model`);
  }

  /** The sessions of the measured calls: not those of the priming, not those kept warm. */
  private talkingSessions(): ModelSession[] {
    return this.model.sessions.filter((session) => (session.caller ?? PRIMING_SENDER) < PRIMING_SENDER);
  }

  private async tickForever(): Promise<void> {
    while (this.ticking) {
      this.tick();
      await delay(1);
    }
  }

  private tick(): void {
    const late = (ms: number): void => {
      if (this.windowOpen) this.lag.add(ms);
    };
    this.schedule?.run(performance.now(), (index, lateMs) => {
      if (this.lines[index]?.sendFrame(performance.now()) === true) late(lateMs);
    });
    for (const session of this.model.sessions) session.tick(performance.now(), late);
    const nowMs = performance.now();
    for (const line of this.lines) line.tick(nowMs);
  }

  private arrivedAtModel(sender: number, counter: number): void {
    if (sender >= PRIMING_SENDER) return;
    const nowMs = performance.now();
    const sentAtMs = this.lines[sender]?.ledger.arrive(counter);
    if (sentAtMs === undefined) return;
    this.lastArrivalAtMs = nowMs;
    if (!this.windowOpen) return;
    this.framesIn++;
    if (sentAtMs >= this.windowFromMs) this.latencyIn.add(nowMs - sentAtMs);
  }

  private arrivedAtCaller(sender: number, counter: number, nowMs: number, gapMs: number): void {
    const session = this.model.sessions[sender];
    const sentAtMs = session?.ledger.arrive(counter);
    if (session === undefined || sentAtMs === undefined || (session.caller ?? PRIMING_SENDER) >= PRIMING_SENDER) return;
    this.lastArrivalAtMs = nowMs;
    if (!this.windowOpen) return;
    this.framesOut++;
    const first = session.firstFrames.has(counter);
    if (!first && this.plan.profile === 'bursts') this.gapMs += gapMs;
    if (sentAtMs >= this.windowFromMs && (first || this.plan.profile === 'frames'))
      this.latencyOut.add(nowMs - sentAtMs);
  }

  /** The answers under way are played to their end while the callers stay on the line, then the callers fall silent. */
  private async drain(): Promise<void> {
    for (const session of this.model.sessions) session.stopTalking();
    const untilMs = performance.now() + DRAIN_MS;
    // The callers' frames keep arriving here, so only the clock ends this wait.
    while (this.talkingSessions().some((session) => session.isBusy) && performance.now() < untilMs) await delay(50);
    this.schedule = undefined;
    const outstanding = (): boolean => this.lines.some((line) => line.ledger.outstanding > 0);
    while (outstanding() && performance.now() - this.lastArrivalAtMs < QUIET_MS) await delay(50);
  }

  private result(windowMs: number, used: RelayUse): LoadResult {
    const sessions = this.talkingSessions();
    const total = <T>(items: readonly T[], value: (item: T) => number): number =>
      items.reduce((sum, item) => sum + value(item), 0);
    return {
      windowMs,
      ...used,
      framesIn: this.framesIn,
      framesOut: this.framesOut,
      latencyIn: this.latencyIn.summary(),
      latencyOut: this.latencyOut.summary(),
      lostIn: total(this.lines, (line) => line.ledger.outstanding),
      lostOut: total(sessions, (session) => session.ledger.outstanding),
      duplicates:
        total(this.lines, (line) => line.ledger.duplicates) + total(sessions, (session) => session.ledger.duplicates),
      foreignBytes: total(this.lines, (line) => line.foreignBytes) + total(sessions, (session) => session.foreignBytes),
      gapMs: this.gapMs,
      lag: this.lag.summary(),
    };
  }
}
