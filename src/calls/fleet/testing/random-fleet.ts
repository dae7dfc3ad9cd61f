import { FleetStage } from './fleet-stage.js';
import { seeded } from './seeded.js';
import { type StagedPod } from './staged-pod.js';

/** What may happen in a run. */
export interface Weather {
  /** The directory goes away, and may come back empty. */
  directory: 'there' | 'away' | 'forgetful';
  /** Pods are killed. */
  kills: boolean;
  drains: boolean;
  /** Pods do not reach each other for a while. */
  partitions: boolean;
  redials: boolean;
}

const PODS = ['a', 'b', 'c'];
const STEPS = 30;
const MOST_CALLS = 5;
const QUIET_MS = 150_000;
/** A pod that leaves looks so often whether it may. */
const LOOK_EVERY_MS = 250;
const AFTER_THE_END_MS = 30_000;

/** Three pods, some calls, and whatever can happen to them, in an order that a seed decides. */
export class RandomFleet {
  readonly stage = new FleetStage({
    DRAIN_HANDOVER_AFTER: '0',
    REPORT_URL: 'https://crm.example.com/calls',
    REPORT_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  });
  /** What happened, for people. */
  readonly story: string[] = [];
  /** What must not have happened. */
  readonly wrongs: string[] = [];
  private readonly calls: string[] = [];
  private readonly leaving = new Set<string>();

  constructor(
    seed: number,
    private readonly weather: Weather,
    private readonly random = seeded(seed),
  ) {
    Math.random = random;
    const { stage } = this;
    stage.redials = weather.redials;
    stage.lands = () => this.pick(stage.living)?.name;
    stage.hears = () => this.pick(stage.living)?.name;
    stage.scenery.latencyMs = () => (random() < 0.6 ? 0 : Math.ceil(random() * 25));
    stage.telnyx.onSent = ({ pod, command, callControlId }) => {
      this.tell(`${pod}: ${command} ${callControlId}`);
      if (command !== 'hangup' && command !== 'speak') return;
      const heard = stage.streams.find((stream) => stream.open && stream.callControlId === callControlId);
      const servedBy = heard?.servedBy;
      if (servedBy && servedBy.name !== pod)
        this.wrong(`${pod} sent ${command} for ${callControlId}, served by ${servedBy.name}`);
    };
  }

  close(): void {
    this.stage.close();
  }

  /** @returns what went wrong. */
  async run(): Promise<string[]> {
    const { stage } = this;
    await stage.start(...PODS);
    for (let step = 0; step < STEPS; step++) {
      await this.happen();
      await stage.run(Math.ceil(this.random() * 900));
      await this.seeOff();
    }
    this.tell('--- it is quiet from now on');
    if (stage.store.isAway) stage.store.comeBack(this.weather.directory === 'forgetful' && this.random() < 0.5);
    for (const pod of stage.living) pod.peers.reach = 'there';
    for (const name of PODS) if (stage.pod(name).killed) await this.startAnew(name);
    await this.quiet(QUIET_MS);
    this.checkServing();
    for (const call of this.calls) stage.telnyx.end(call);
    await this.quiet(AFTER_THE_END_MS);
    await this.checkEnd();
    this.checkEpochs();
    return this.wrongs;
  }

  private async quiet(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= 1_000) {
      await this.stage.run(1_000);
      await this.seeOff();
    }
  }

  private async happen(): Promise<void> {
    const { stage, random, weather } = this;
    const what = random();
    const call = this.pick(this.calls);
    if (what < 0.25 || !call) return this.begin();
    if (what < 0.35) return this.hangUp(call);
    if (what < 0.5) return this.news(call);
    if (what < 0.6) {
      const stream = this.pick(stage.streams);
      if (stream) this.tell(`the socket of ${stream.callControlId} breaks`);
      stream?.close();
      return;
    }
    if (what < 0.72 && weather.kills) return this.kill();
    if (what < 0.82 && weather.drains) return this.drain();
    if (what < 0.92 && weather.directory !== 'there') return this.loseDirectory();
    if (weather.partitions) this.part();
  }

  private async begin(): Promise<void> {
    const { stage } = this;
    if (this.calls.length >= MOST_CALLS) return;
    const pod = this.pick(stage.living.filter(({ lifecycle, fleet }) => !lifecycle.draining || fleet.stayingElsewhere));
    if (!pod) return;
    const call = `call${this.calls.length}`;
    this.calls.push(call);
    this.tell(`${call} rings at ${pod.name}`);
    stage.telnyx.rings(call);
    const body = stage.body('call.initiated', call, { direction: 'incoming', from: `+1555${this.calls.length}` });
    void stage.deliver(pod.name, body);
    // Telnyx delivers again what took it too long.
    if (this.random() < 0.3) void stage.deliver(pod.name, body);
  }

  private hangUp(call: string): void {
    if (this.stage.telnyx.calls.get(call)?.over !== false) return;
    this.tell(`the caller of ${call} hangs up`);
    this.stage.telnyx.end(call);
    const pod = this.pick(this.stage.living);
    if (pod && this.random() < 0.4) void this.stage.webhook(pod.name, 'call.hangup', call);
  }

  private news(call: string): void {
    const types = ['streaming.stopped', 'streaming.started', 'call.answered', 'call.dtmf.received'];
    const type = this.pick(types) ?? '';
    const pod = this.pick(this.stage.living);
    if (!pod) return;
    this.tell(`${type} of ${call} reaches ${pod.name}`);
    const body = this.stage.body(type, call, { digit: '1' });
    void this.stage.deliver(pod.name, body);
    const other = this.pick(this.stage.living);
    if (other) void this.stage.deliver(other.name, body);
  }

  private async kill(): Promise<void> {
    const { stage } = this;
    const pod = this.pick(stage.living);
    if (!pod || stage.living.length < 2) return;
    this.tell(`${pod.name} is killed`);
    stage.kill(pod.name);
    this.leaving.delete(pod.name);
    const waitMs = this.random() < 0.5 ? 200 : 4_000;
    stage.clock.after(waitMs, () => {
      if (pod.killed && stage.pod(pod.name) === pod) void this.startAnew(pod.name);
    });
  }

  private drain(): void {
    const pod = this.pick(this.stage.living);
    if (!pod || pod.lifecycle.draining) return;
    this.tell(`${pod.name} drains`);
    this.leaving.add(pod.name);
    pod.drain.begin();
  }

  /** Those that drain leave when they hold nothing. */
  private async seeOff(): Promise<void> {
    for (const name of this.leaving) {
      const pod = this.stage.pod(name);
      const passing = this.stage.streams.some((stream) => stream.open && stream.touches(pod));
      if (pod.calls.heldCalls > 0 || passing) continue;
      this.leaving.delete(name);
      this.tell(`${name} leaves`);
      pod.left = true;
      this.stage.clock.after(LOOK_EVERY_MS, () => void pod.leave());
      this.stage.clock.after(2 * LOOK_EVERY_MS, () => void this.startAnew(name));
    }
  }

  private async startAnew(name: string): Promise<void> {
    this.tell(`${name} starts`);
    this.stage.begin(name);
  }

  private loseDirectory(): void {
    const { store } = this.stage;
    if (!store.isAway) {
      this.tell('the directory is away');
      store.leave();
      return;
    }
    const empty = this.weather.directory === 'forgetful' && this.random() < 0.5;
    this.tell(`the directory is back${empty ? ', empty' : ''}`);
    store.comeBack(empty);
  }

  private part(): void {
    const pod = this.pick(this.stage.living);
    if (!pod || pod.peers.reach !== 'there') return;
    this.tell(`${pod.name} cannot be reached`);
    pod.peers.reach = 'silent';
    this.stage.clock.after(3_000, () => {
      if (!pod.killed) pod.peers.reach = 'there';
    });
  }

  /** Every call that goes on is served by one pod, through one socket. */
  private checkServing(): void {
    const { stage } = this;
    for (const { callControlId, over, answered } of stage.telnyx.calls.values()) {
      // One that rang at a pod which died in the same moment is known to nobody.
      if (over || !answered) continue;
      const open = stage.streams.filter((stream) => stream.open && stream.callControlId === callControlId);
      const serving = stage.serving(callControlId);
      if (open.length !== 1 || serving.length !== 1 || open[0]?.servedBy?.name !== serving[0]) {
        const sockets = open.map(({ servedBy }) => servedBy?.name ?? 'nobody').join();
        this.wrong(`${callControlId} has sockets at [${sockets}] and is served by [${serving.join()}]`);
      }
    }
  }

  /** Nothing is left of any call. */
  private async checkEnd(): Promise<void> {
    const { stage } = this;
    for (const call of this.calls) {
      const record = await stage.store.kept.find(call);
      if (record) {
        const { epoch, owner, moving, leaseMs, answeredBy } = record;
        this.wrong(
          `${call} is left in the directory: ${JSON.stringify({ epoch, owner, moving, leaseMs, answeredBy })}`,
        );
      }
      for (const pod of stage.living) if (pod.calls.find(call)) this.wrong(`${call} is left at ${pod.name}`);
    }
    // While the directory is away, nobody can say that a call is reported already.
    if (this.weather.directory === 'there') this.checkReports();
    for (const pod of stage.living) for (const left of leftIn(pod)) this.wrong(left);
    for (const error of stage.errors) if (error.includes('mistake of ours')) this.wrong(error);
  }

  private checkReports(): void {
    for (const call of this.calls) {
      const by = this.stage.scenery.reports.filter(({ report }) => report.callId === call).map(({ pod }) => pod);
      if (by.length > 1) this.wrong(`${call} is reported by ${by.join()}`);
    }
  }

  private checkEpochs(): void {
    if (this.weather.directory === 'forgetful') return;
    for (const [call, epochs] of this.stage.store.epochs) {
      const grow = epochs.every((epoch, index) => epoch >= (epochs[index - 1] ?? 0));
      if (!grow) this.wrong(`the epochs of ${call}: ${epochs.join()}`);
    }
  }

  private pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.random() * list.length)];
  }

  private tell(what: string): void {
    this.story.push(`${this.stage.clock.nowMs()} ${what}`);
  }

  private wrong(what: string): void {
    this.tell(`WRONG: ${what}`);
    this.wrongs.push(what);
  }
}

/** What a pod without calls must not hold. */
function leftIn(pod: StagedPod): string[] {
  const sizes = {
    placing: (pod.placement as unknown as { placing: Map<string, unknown> }).placing.size,
    holdings: (pod.ownership as unknown as { holdings: Map<string, unknown> }).holdings.size,
    moving: (pod.drain as unknown as { moving: Map<unknown, unknown> }).moving.size,
    owed: (pod.ownership as unknown as { owed: { size: number } }).owed.size,
    writers: (pod.talks as unknown as { writers: Set<unknown> }).writers.size,
    held: pod.calls.heldCalls,
  };
  return Object.entries(sizes)
    .filter(([, size]) => size > 0)
    .map(([what, size]) => `${pod.name} has ${size} ${what} left`);
}
