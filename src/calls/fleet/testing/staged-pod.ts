import { type PinoLogger } from 'nestjs-pino';
import { CallFinder } from '../../../affinity/call-finder.js';
import { Fleet } from '../../../affinity/fleet.js';
import { Ownership } from '../../../affinity/ownership.js';
import { TalkLog } from '../../../affinity/talk-log.js';
import { type PodIdentity } from '../../../affinity/pod.js';
import { ThisPod } from '../../../affinity/this-pod.js';
import { type Clock, pause } from '../../../common/clock.js';
import { type FakeClock } from '../../../common/fake-clock.js';
import { Keyring } from '../../../common/keyring.js';
import { Seal } from '../../../common/seal.js';
import { type Config } from '../../../config/config.js';
import { loadConfig } from '../../../config/load-config.js';
import { ModelConnector, type ModelSession } from '../../../conversation/model.port.js';
import { Lifecycle } from '../../../health/lifecycle.js';
import { type CallReport } from '../../../report/call-report.js';
import { Counters } from '../../../telemetry/counters.js';
import { NumberAttributes } from '../../../telemetry/numbers/number-attributes.js';
import { CallTraces } from '../../../telemetry/trace/call-traces.js';
import { Admission } from '../../admission.js';
import { CallBooks } from '../../call-books.js';
import { CallFactory } from '../../call-factory.js';
import { CallIntake } from '../../call-intake.js';
import { type LineSummary } from '../../call-line.js';
import { CallSummaries } from '../../call-summaries.js';
import { CallTracing } from '../../call-tracing.js';
import { CallWebhooks } from '../../call-webhooks.js';
import { CallsService } from '../../calls.service.js';
import { OverflowCalls } from '../../overflow-calls.js';
import { SecondLegs } from '../../second-legs.js';
import { BareLine, NotedConversations } from '../../testing/stage.js';
import { CallMover } from '../call-mover.js';
import { CallReconciliation } from '../call-reconciliation.js';
import { CallRecovery } from '../call-recovery.js';
import { CallTaking } from '../call-taking.js';
import { Drain } from '../drain.js';
import { FleetDuties } from '../fleet-duties.js';
import { Relays } from '../relays.js';
import { StreamPlacement } from '../stream-placement.js';
import { WebhookDispatch } from '../webhook-dispatch.js';
import { CommonDirectory, type DirectoryStore } from './common-directory.js';
import { NearPeers, type Neighbourhood } from './near-peers.js';
import { type SharedTelnyx } from './shared-telnyx.js';

class NoModel extends ModelConnector {
  anticipate(): void {
    // There is none.
  }
  acquire(): Promise<ModelSession> {
    return new Promise(() => undefined);
  }
}

/** What of a socket its line knows. */
export interface LineSocket {
  close(): void;
}

/** A line with the socket that it is attached to. */
export class StagedLine extends BareLine {
  socket: LineSocket | undefined;
  constructor(private readonly closes: (open: LineSocket | undefined) => void) {
    super();
  }
  override close(): LineSummary {
    const { socket } = this;
    this.socket = undefined;
    this.closes(socket);
    return super.close();
  }
}

/** What pods of one stage share. */
export interface Scenery {
  clock: FakeClock;
  store: DirectoryStore;
  neighbours: Neighbourhood;
  telnyx: SharedTelnyx;
  log: PinoLogger;
  /** How long a message is on its way; 0: within the same moment. */
  latencyMs: () => number;
  podOf: (peers: NearPeers) => StagedPod | undefined;
  reports: { pod: string; report: CallReport }[];
}

/** After the end of a call its socket is closed by us, if Telnyx has not. */
const CLOSE_AFTER_MS = 3_000;
const RELAY_WITHIN_MS = 1_000;

/** One pod: everything of it but sockets, Telnyx and a model. */
export class StagedPod {
  killed = false;
  /** It has begun to leave: nothing new comes to it. */
  left = false;
  readonly config: Config;
  readonly clock: Clock;
  readonly pod: ThisPod;
  readonly directory: CommonDirectory;
  readonly peers: NearPeers;
  readonly keyring: Keyring;
  readonly lifecycle = new Lifecycle();
  readonly counters = new Counters();
  readonly relays = new Relays();
  readonly traces = new CallTraces();
  readonly conversations = new NotedConversations();
  readonly ownership: Ownership;
  readonly factory: CallFactory;
  readonly fleet: Fleet;
  readonly finder: CallFinder;
  readonly calls: CallsService;
  readonly taking: CallTaking;
  readonly mover: CallMover;
  readonly recovery: CallRecovery;
  readonly reconciliation: CallReconciliation;
  readonly placement: StreamPlacement;
  readonly dispatch: WebhookDispatch;
  readonly duties: FleetDuties;
  readonly drain: Drain;
  readonly intake: CallIntake;
  readonly talks: TalkLog;
  private readonly admission: Admission;
  private readonly lines = new Map<string, StagedLine>();

  constructor(
    readonly name: string,
    private readonly scenery: Scenery,
    env: Record<string, string> = {},
  ) {
    const { store, telnyx, log, neighbours, reports } = scenery;
    const ip = `10.0.0.${name.charCodeAt(0) % 250}`;
    const { config } = loadConfig({
      OPENAI_API_KEY: 'sk-test',
      TELNYX_API_KEY: 'KEY-test',
      WEBHOOK_SIGNATURE: 'off',
      STREAM_TOKEN_SECRET: 'a secret that all pods of the stage have',
      ...{ POD_NAME: name, POD_UID: name, POD_IP: ip },
      ...env,
    });
    this.config = config;
    const clock = (this.clock = this.ownClock());
    const directory = (this.directory = new CommonDirectory(store, this.pause));
    const pod = (this.pod = new ThisPod(config));
    const peers = (this.peers = new NearPeers(pod.identity, neighbours, clock, this.pause));
    const keyring = (this.keyring = new Keyring(config.stream.tokenSecret, clock));
    const { lifecycle, counters, conversations, relays, traces } = this;
    const commands = telnyx.commandsOf(name, this.pause);
    const admission = (this.admission = new Admission(config, clock));
    admission.memoryUsedPercent = 0;
    const legs = new SecondLegs();
    const overflow = new OverflowCalls(config, clock, log, commands, legs, pod);
    const ownership = (this.ownership = new Ownership(config, clock, log, directory, pod));
    const talks = (this.talks = new TalkLog(directory, new Seal(keyring, 'conversation'), clock, log));
    const factory = (this.factory = new CallFactory(
      ...([config, clock, commands, keyring, pod, ownership, talks, traces] as const),
    ));
    const fleet = (this.fleet = new Fleet(config, clock, log, directory, peers, pod));
    const finder = (this.finder = new CallFinder(clock, directory, fleet, peers, pod));
    const intake = (this.intake = new CallIntake(
      ...([config, log, admission, commands, overflow, fleet, directory, keyring, counters] as const),
    ));
    const deliver = (report: CallReport): void => void reports.push({ pod: name, report });
    const books = new CallBooks(config, clock, { deliver }, directory);
    const numbers = new NumberAttributes(config, keyring);
    const summaries = new CallSummaries(traces, pod, numbers, directory);
    const calls = (this.calls = new CallsService(
      ...([config, clock, log, factory, ownership, admission, overflow, legs] as const),
      ...([conversations, books, counters, pod, relays, traces, summaries] as const),
    ));
    const tracing = new CallTracing(calls, traces);
    const webhooks = new CallWebhooks(
      ...([calls, factory, ownership, intake, overflow, legs, new NoModel(), counters, keyring, pod] as const),
      ...([traces, numbers] as const),
    );
    const taking = (this.taking = new CallTaking(
      ...([config, log, calls, directory, ownership, talks, fleet, peers, factory, pod, counters, traces] as const),
    ));
    const mover = (this.mover = new CallMover(clock, log, directory, commands, factory, pod, counters));
    const recovery = (this.recovery = new CallRecovery(
      ...([clock, log, directory, fleet, calls, factory, taking, mover, commands, pod, tracing] as const),
    ));
    const reconciliation = (this.reconciliation = new CallReconciliation(
      ...([clock, log, commands, directory, finder, calls, taking, recovery] as const),
    ));
    this.placement = new StreamPlacement(
      ...([config, clock, log, calls, commands, taking, directory, finder, fleet, pod, lifecycle] as const),
    );
    this.dispatch = new WebhookDispatch(
      ...([
        clock,
        log,
        calls,
        webhooks,
        directory,
        finder,
        fleet,
        peers,
        recovery,
        taking,
        reconciliation,
        counters,
        pod,
        tracing,
      ] as const),
    );
    this.duties = new FleetDuties(
      ...([
        config,
        peers,
        fleet,
        calls,
        webhooks,
        factory,
        recovery,
        reconciliation,
        lifecycle,
        ownership,
        taking,
        tracing,
      ] as const),
    );
    this.drain = new Drain(
      ...([config, clock, log, lifecycle, calls, fleet, ownership, directory, mover, taking, traces, pod] as const),
    );
  }

  /** It serves the call: its stream is here, as far as it knows. */
  serves(callControlId: string): boolean {
    return !this.killed && this.calls.partIn(callControlId) === 'streaming';
  }

  /** The line that a call has here, or a new one. */
  lineOf(callControlId: string): StagedLine {
    const known = this.lines.get(callControlId);
    if (known) return known;
    const line = new StagedLine((open) => {
      if (this.lines.get(callControlId) === line) this.lines.delete(callControlId);
      if (open) this.clock.after(CLOSE_AFTER_MS, () => open.close());
    });
    this.lines.set(callControlId, line);
    return line;
  }

  /** The pod at the other end of a relay. */
  async relayTo(pod: PodIdentity): Promise<StagedPod | 'dead' | 'silent'> {
    const found = await this.peers.look(pod, RELAY_WITHIN_MS);
    if (found === 'dead') this.placement.provenDead(pod);
    return typeof found === 'string' ? found : (this.scenery.podOf(found) ?? 'dead');
  }

  /** As by SIGKILL: nothing of it happens any more. */
  kill(reach: 'gone' | 'silent' = 'gone'): void {
    this.killed = true;
    this.peers.reach = reach;
    this.close();
  }

  /** Leaves in good order. */
  async leave(): Promise<void> {
    this.left = true;
    await this.fleet.leave();
    this.kill();
  }

  close(): void {
    this.admission.onModuleDestroy();
    void this.directory.close();
  }

  /** Time of its own, which ends with it. */
  private ownClock(): Clock {
    const { clock } = this.scenery;
    return {
      nowMs: () => clock.nowMs(),
      after: (delayMs, action) =>
        clock.after(delayMs, () => {
          if (!this.killed) action();
        }),
    };
  }

  /** A message is on its way; with the pod dead, for ever. */
  private readonly pause = async (): Promise<void> => {
    const latencyMs = this.scenery.latencyMs();
    if (latencyMs > 0) await pause(this.scenery.clock, latencyMs);
    else await Promise.resolve();
    if (this.killed) await new Promise(() => undefined);
  };
}
