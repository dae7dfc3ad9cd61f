import { PinoLogger } from 'nestjs-pino';
import { FakeClock } from '../../../common/fake-clock.js';
import { parseWebhook } from '../../webhook-event.js';
import { receiptOf } from '../../webhook-receipt.js';
import { settle } from '../../testing/stage.js';
import { writeClientState } from '../../client-state.js';
import { DirectoryStore } from './common-directory.js';
import { LandedStream } from './landed-stream.js';
import { Neighbourhood } from './near-peers.js';
import { seeded } from './seeded.js';
import { SharedTelnyx } from './shared-telnyx.js';
import { type Scenery, StagedPod } from './staged-pod.js';

const STEP_MS = 10;
const WEBHOOK_URL = 'https://gw.example.com/webhooks';

/** More of a webhook's payload. */
export type Payload = Record<string, unknown>;

/** Several pods in one process, with one Telnyx and one directory, on a clock that stands still until it is told. */
export class FleetStage {
  readonly clock = new FakeClock();
  readonly store = new DirectoryStore(this.clock);
  readonly pods = new Map<string, StagedPod>();
  readonly streams: LandedStream[] = [];
  /** Streams that Telnyx was asked for, and that have landed nowhere yet. */
  readonly wanted: { callControlId: string; url: string }[] = [];
  /** What was logged as an error. */
  readonly errors: string[] = [];
  readonly scenery: Scenery;
  readonly telnyx: SharedTelnyx;
  /** Where Telnyx's next stream of a call lands; undefined: it is kept in `wanted`. */
  lands: (callControlId: string) => string | undefined = () => undefined;
  /** Where webhooks go that Telnyx sends by itself; undefined: they are lost. */
  hears: () => string | undefined = () => undefined;
  /** Whether Telnyx dials again where a socket closed without its having ended the stream. */
  redials = false;
  /** What stands before the pods adds this to every request. */
  traceparent: string | undefined;
  private events = 0;
  private callers = 0;
  private readonly realNow = Date.now;
  private readonly realRandom = Math.random;

  constructor(readonly env: Record<string, string> = {}) {
    const begunAtMs = this.realNow();
    Date.now = () => begunAtMs + this.clock.nowMs();
    // Jitter and choices are the same in every run.
    Math.random = seeded(1);
    this.telnyx = new SharedTelnyx(this.clock, {
      streamWanted: (callControlId, url) => this.streamWanted(callControlId, url),
      streamStopped: (callControlId) => this.closeStreams(callControlId),
      hungUp: (callControlId) => {
        this.closeStreams(callControlId);
        const pod = this.hears();
        if (pod !== undefined) void this.webhook(pod, 'call.hangup', callControlId);
      },
    });
    const destination = { write: (line: string) => void this.errors.push(line) };
    const log = new PinoLogger({ pinoHttp: [{ level: 'error' }, destination] });
    const around = { clock: this.clock, store: this.store, neighbours: new Neighbourhood(), telnyx: this.telnyx };
    const podOf: Scenery['podOf'] = (peers) => [...this.pods.values()].find((pod) => pod.peers === peers);
    this.scenery = { ...around, log, podOf, latencyMs: () => 0, reports: [] };
  }

  /** Starts pods, and lets each hear of the others. */
  async start(...names: string[]): Promise<StagedPod[]> {
    const pods = names.map((name) => this.begin(name));
    await this.run(700);
    return pods;
  }

  /** Starts a pod, in the place of another one of its name if there was one. */
  begin(name: string): StagedPod {
    const pod = new StagedPod(name, this.scenery, this.env);
    this.pods.set(name, pod);
    pod.duties.begin();
    return pod;
  }

  pod(name: string): StagedPod {
    const pod = this.pods.get(name);
    if (!pod) throw new Error(`there is no pod ${name}`);
    return pod;
  }

  get living(): StagedPod[] {
    return [...this.pods.values()].filter(({ killed, left }) => !killed && !left);
  }

  close(): void {
    for (const pod of this.pods.values()) pod.kill();
    Date.now = this.realNow;
    Math.random = this.realRandom;
  }

  /** Lets time pass, and everything happen that falls into it. */
  async run(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= STEP_MS) {
      this.clock.advance(Math.min(STEP_MS, leftMs));
      await settle();
    }
    await settle();
  }

  /** Lets time pass until something holds. */
  async until(what: string, holds: () => boolean, withinMs = 60_000): Promise<void> {
    for (let leftMs = withinMs; !holds(); leftMs -= STEP_MS) {
      if (leftMs <= 0) throw new Error(`waited in vain: ${what}`);
      await this.run(STEP_MS);
    }
  }

  /** Runs until a promise settles. */
  async outcome<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = (): void => void (settled = true);
    promise.then(done, done);
    await this.until('an outcome', () => settled);
    return promise;
  }

  /** A call comes in, by one pod's webhook, and is answered. @returns the URL of its first stream. */
  async answered(callControlId: string, by: string, payload: Payload = {}): Promise<string> {
    this.telnyx.rings(callControlId);
    await this.webhook(by, 'call.initiated', callControlId, {
      direction: 'incoming',
      from: this.nextCaller(),
      ...payload,
    });
    await settle();
    return this.wanted.find((wanted) => wanted.callControlId === callControlId)?.url ?? '';
  }

  /** Everybody has a number of their own. */
  private nextCaller(): string {
    return `+1555${String(100 + this.callers++).padStart(4, '0')}`;
  }

  /** A call that is talked on, at one pod. */
  async talking(callControlId: string, at: string, payload: Payload = {}): Promise<LandedStream> {
    await this.answered(callControlId, at, payload);
    return this.land(callControlId, at);
  }

  /** The stream that a call waits for reaches a pod. */
  async land(callControlId: string, at: string): Promise<LandedStream> {
    const index = this.wanted.findIndex((wanted) => wanted.callControlId === callControlId);
    const [wanted] = index < 0 ? [] : this.wanted.splice(index, 1);
    if (!wanted) throw new Error(`no stream is asked for: ${callControlId}`);
    return this.dial(callControlId, wanted.url, at);
  }

  /** A socket with this URL reaches a pod. */
  async dial(callControlId: string, url: string, at: string): Promise<LandedStream> {
    const stream = new LandedStream(callControlId, url, (ended) => this.ended(ended));
    this.streams.push(stream);
    void stream.land(this.pod(at));
    await settle();
    return stream;
  }

  /** A webhook reaches a pod. */
  async webhook(at: string, type: string, callControlId: string, payload: Payload = {}): Promise<void> {
    await this.deliver(at, this.body(type, callControlId, payload));
  }

  /** As Telnyx words it. */
  body(type: string, callControlId: string, payload: Payload = {}): string {
    const call = this.telnyx.calls.get(callControlId);
    const data = {
      event_type: type,
      id: `event ${++this.events}`,
      payload: {
        call_control_id: callControlId,
        ...(call?.clientState === undefined ? {} : { client_state: call.clientState }),
        connection_id: 'connection',
        ...(type === 'call.hangup' ? { hangup_cause: 'normal_clearing', hangup_source: 'caller' } : {}),
        ...payload,
      },
    };
    return JSON.stringify({ data, meta: { delivered_to: WEBHOOK_URL } });
  }

  /** A webhook's body reaches a pod, perhaps not for the first time. */
  async deliver(at: string, body: string): Promise<void> {
    const pod = this.pod(at);
    const envelope = parseWebhook(body);
    if (typeof envelope === 'string') throw new Error(envelope);
    if (pod.killed || !(await pod.directory.firstSight(envelope.eventId))) return;
    await pod.dispatch.handle(envelope.event, body, receiptOf(envelope, Date.now(), this.traceparent));
  }

  /** The client state that the second leg of a call carries. */
  secondLegState(callControlId: string, by: string, transfer = 1): string {
    return writeClientState({ pod: this.pod(by).pod, call: callControlId, transfer });
  }

  /** A pod's process ends at once, and its sockets with it. */
  kill(name: string, reach: 'gone' | 'silent' = 'gone'): void {
    const pod = this.pod(name);
    pod.kill(reach);
    for (const stream of [...this.streams]) if (stream.open && stream.touches(pod)) stream.close();
  }

  /** Living pods that serve a call. */
  serving(callControlId: string): string[] {
    return this.living.filter((pod) => pod.serves(callControlId)).map(({ name }) => name);
  }

  private streamWanted(callControlId: string, url: string): void {
    const at = this.lands(callControlId);
    if (at === undefined) this.wanted.push({ callControlId, url });
    else void this.dial(callControlId, url, at);
  }

  private closeStreams(callControlId: string): void {
    for (const stream of [...this.streams]) {
      if (stream.callControlId !== callControlId) continue;
      this.streams.splice(this.streams.indexOf(stream), 1);
      stream.close();
    }
  }

  private ended(stream: LandedStream): void {
    const index = this.streams.indexOf(stream);
    // Ended by Telnyx itself: it is not in the list any more.
    if (index < 0) return;
    this.streams.splice(index, 1);
    if (!this.redials || this.telnyx.calls.get(stream.callControlId)?.over !== false) return;
    this.clock.after(300, () => {
      if (this.telnyx.calls.get(stream.callControlId)?.over !== false) return;
      const at = this.lands(stream.callControlId);
      const newer = this.streams.some((other) => other.callControlId === stream.callControlId && other.open);
      if (at !== undefined && !newer) void this.dial(stream.callControlId, stream.url, at);
    });
  }
}
