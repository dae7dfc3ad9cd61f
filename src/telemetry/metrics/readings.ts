import { type CallDirectory } from '../../affinity/call-directory.js';
import { type Fleet } from '../../affinity/fleet.js';
import { type Admission } from '../../calls/admission.js';
import { type CallsService } from '../../calls/calls.service.js';
import { type Relays } from '../../calls/fleet/relays.js';
import { type Lifecycle } from '../../health/lifecycle.js';
import { type OpenAIRealtimeService } from '../../openai-realtime/openai-realtime.service.js';
import { type Counters } from '../counters.js';
import { type Reading, type Readings } from './instruments.js';
import { LOG_LOSSES } from './log-losses.js';
import { type Tally } from './tally.js';
import { USES } from './usage-figures.js';

/** G.711: bytes a second. */
const BYTES_PER_S = 8_000;

/** Whoever knows something that is shown. */
export interface MetricSources {
  counters: Counters;
  lifecycle: Pick<Lifecycle, 'draining'>;
  calls: Pick<CallsService, 'activeCalls' | 'heldCalls' | 'ownedCalls'>;
  maxCalls: number;
  admission: Pick<Admission, 'eventLoopDelayMs' | 'memoryUsedPercent'>;
  model: Pick<OpenAIRealtimeService, 'warmSessions'>;
  relays: Pick<Relays, 'open'>;
  fleet: Pick<Fleet, 'others' | 'alive'>;
  /** Calls owned in the directory. */
  ownership: { readonly shared: boolean; readonly leases?: number };
  directory: Pick<CallDirectory, 'available'>;
  /** Only those that speak HTTP can refuse anything. */
  peers: { readonly refusedRequests?: number };
}

/** Reads every metric that is not recorded. All of it is a look at fields; nothing here waits or calls out. */
export function readingsOf(sources: MetricSources): Readings {
  const { counters, lifecycle, calls, admission, model, relays, fleet, ownership, directory, peers } = sources;
  const { usage, line } = counters;
  const byDraining = (value: number) => {
    const draining = lifecycle.draining;
    return [
      [draining ? value : 0, { draining: 'true' }],
      [draining ? 0 : value, { draining: 'false' }],
    ] as const;
  };
  return {
    'parley.calls.active': () => byDraining(calls.activeCalls),
    'parley.calls.limit': () => byDraining(sources.maxCalls),
    'parley.calls.held': () => calls.heldCalls,
    'parley.calls.answered': () => counters.callsAnswered,
    'parley.calls.rejected': () => byReason(counters.rejections),
    'parley.calls.overflowed': () => byReason(counters.overflows),
    'parley.calls.ended': () => byReason(counters.endings),
    'parley.transfers.begun': () => counters.transfers,
    'parley.transfers.failed': () => counters.transfersFailed,

    'parley.turns': () =>
      Object.entries(counters.turns).flatMap(([cause, outcomes]) =>
        outcomes.entries.map(([outcome, count]): Reading<'parley.turns'> => [
          count,
          { cause: cause as keyof typeof counters.turns, outcome },
        ]),
      ),
    'parley.playout.dropped': () => counters.playoutDroppedMs / 1_000,

    'parley.model.connects': () => [
      [counters.modelConnects, { outcome: 'opened' }],
      [counters.modelConnectFailures, { outcome: 'failed' }],
    ],
    'parley.model.sessions.warm': () => model.warmSessions,
    'parley.model.sessions.lost': () => counters.modelSessionsLost,
    'parley.model.resumes': () => counters.resumes,
    'parley.model.errors': () =>
      Object.entries(counters.modelErrors).flatMap(([during, classes]) =>
        classes.entries.map(([kind, count]): Reading<'parley.model.errors'> => [
          count,
          { during: during as keyof typeof counters.modelErrors, 'error.type': kind },
        ]),
      ),
    'parley.model.interruptions': () => counters.interruptions,
    'parley.model.unused_events': () => counters.modelEventsUnused,
    'parley.model.invalid_events': () => counters.modelEventsInvalid,

    'parley.model.tokens': () => {
      const { tokens } = usage;
      return [
        // Those from the cache are among the input tokens.
        [tokens.inputTextTokens - tokens.cachedTextTokens, { direction: 'input', modality: 'text', cached: 'false' }],
        [tokens.cachedTextTokens, { direction: 'input', modality: 'text', cached: 'true' }],
        [
          tokens.inputAudioTokens - tokens.cachedAudioTokens,
          { direction: 'input', modality: 'audio', cached: 'false' },
        ],
        [tokens.cachedAudioTokens, { direction: 'input', modality: 'audio', cached: 'true' }],
        [tokens.outputTextTokens, { direction: 'output', modality: 'text', cached: 'false' }],
        [tokens.outputAudioTokens, { direction: 'output', modality: 'audio', cached: 'false' }],
      ];
    },
    'parley.model.transcribed': () => usage.transcriptionSeconds,
    'parley.model.cost': () => USES.map((use) => [usage.costUsd[use], { use }]),
    'parley.model.unpriced': () => USES.map((use) => [usage.unpriced[use], { use }]),

    'parley.streams.active': () => line.openStreams,
    'parley.streams.started': () => counters.streamsStarted,
    'parley.streams.refused': () => counters.streamsRefused,
    'parley.line.frames': () => {
      const { frames, framesOut } = line.total;
      return [
        [frames, { direction: 'in' }],
        [framesOut, { direction: 'out' }],
      ];
    },
    'parley.line.gaps': () => line.total.gaps,
    'parley.line.padded': () => line.total.paddedBytes / BYTES_PER_S,
    'parley.line.reordered': () => line.total.reordered,
    'parley.line.late': () => line.total.late,
    'parley.line.invalid_frames': () => counters.framesInvalid,
    'parley.line.unknown_frames': () => counters.framesUnknown,

    'parley.webhooks.received': () => counters.webhooks,
    'parley.webhooks.unused': () => [
      [counters.webhooksRefused, { reason: 'signature' }],
      [counters.webhooksUnreadable, { reason: 'unreadable' }],
      [counters.webhooksDuplicate, { reason: 'duplicate' }],
      [counters.webhooksIgnored, { reason: 'no-use' }],
      [counters.webhookFailures, { reason: 'failed' }],
    ],
    'parley.reports': () => [
      [counters.reportsDelivered, { outcome: 'delivered' }],
      [counters.reportsFailed, { outcome: 'failed' }],
      [counters.reportsDropped, { outcome: 'dropped' }],
    ],

    'parley.draining': () => Number(lifecycle.draining),
    'parley.pods.others': () => {
      const alive = fleet.alive.length;
      return [
        [alive, { state: 'alive' }],
        [fleet.others.length - alive, { state: 'silent' }],
      ];
    },
    'parley.leases.held': () => ownership.leases,
    'parley.calls.owned': () => calls.ownedCalls.length,
    'parley.calls.taken_up': () => counters.callsTakenUp,
    'parley.calls.left': () => counters.callsLeft,
    'parley.calls.moved': () => counters.callsMoved,
    'parley.webhooks.forwarded': () => counters.webhooksForwarded,
    'parley.streams.relayed': () => counters.streamsRelayed,
    'parley.relays.active': () => relays.open,
    'parley.directory.available': () => Number(directory.available),
    'parley.peers.refused': () => peers.refusedRequests,

    'parley.admission.event_loop_delay': () => admission.eventLoopDelayMs / 1_000,
    'parley.admission.memory_used': () => admission.memoryUsedPercent / 100,
    'process.cpu.time': () => {
      const { user, system } = process.cpuUsage();
      return [
        [user / 1e6, { 'cpu.mode': 'user' }],
        [system / 1e6, { 'cpu.mode': 'system' }],
      ];
    },
    'process.memory.usage': () => process.memoryUsage.rss(),
    'process.uptime': () => process.uptime(),
    'parley.telemetry.export_failures': () => counters.exportFailures,
    'parley.log.lines_lost': () => LOG_LOSSES.lines,
  };
}

function byReason<K extends string>(tally: Tally<K>): [number, { reason: K }][] {
  return tally.entries.map(([reason, count]) => [count, { reason }]);
}
