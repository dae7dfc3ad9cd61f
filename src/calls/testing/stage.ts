import { PinoLogger } from 'nestjs-pino';
import { type CallDirectory } from '../../affinity/call-directory.js';
import { InMemoryCallDirectory } from '../../affinity/directory/in-memory-call-directory.js';
import { Fleet } from '../../affinity/fleet.js';
import { Ownership } from '../../affinity/ownership.js';
import { type PeerReply, Peers } from '../../affinity/pods/peers.js';
import { TalkLog } from '../../affinity/talk-log.js';
import { ThisPod } from '../../affinity/this-pod.js';
import { FakeClock } from '../../common/fake-clock.js';
import { Keyring } from '../../common/keyring.js';
import { Seal } from '../../common/seal.js';
import { loadConfig } from '../../config/load-config.js';
import { type CallActions } from '../../conversation/call.port.js';
import { type CutItem, type G711Law } from '../../conversation/line.port.js';
import { ModelConnector, type ModelSession } from '../../conversation/model.port.js';
import { type ConversationReport } from '../../conversation/record/conversation-report.js';
import { type RecalledConversation, recallConversation } from '../../conversation/record/restored-record.js';
import { type SavedConversation } from '../../conversation/record/saved-conversation.js';
import { type CallReport } from '../../report/call-report.js';
import { Counters } from '../../telemetry/counters.js';
import { NumberAttributes } from '../../telemetry/numbers/number-attributes.js';
import { CallTraces } from '../../telemetry/trace/call-traces.js';
import { Admission } from '../admission.js';
import { CallBooks } from '../call-books.js';
import { type CallConversation, CallConversations, type TalkingCall } from '../call-conversation.js';
import { CallFactory } from '../call-factory.js';
import { CallIntake } from '../call-intake.js';
import { type CallLine, type LineSummary } from '../call-line.js';
import { CallSummaries } from '../call-summaries.js';
import { CallTracing } from '../call-tracing.js';
import { CallWebhooks } from '../call-webhooks.js';
import { CallsService } from '../calls.service.js';
import { type ConversationObservers } from '../conversation-observers.js';
import { Relays } from '../fleet/relays.js';
import { OverflowCalls } from '../overflow-calls.js';
import { SecondLegs } from '../second-legs.js';
import { type CallIdentity, type CallWebhook } from '../webhook-event.js';
import { ScriptedCommands } from './scripted-commands.js';

class AnticipatingModel extends ModelConnector {
  anticipated = 0;
  anticipate(): void {
    this.anticipated++;
  }
  acquire(): Promise<ModelSession> {
    return new Promise(() => undefined);
  }
}

export const REPORT: ConversationReport = {
  transcript: [],
  turns: [],
  interruptions: 0,
  resumes: 0,
  usage: {
    inputTextTokens: 0,
    inputAudioTokens: 0,
    cachedTextTokens: 0,
    cachedAudioTokens: 0,
    outputTextTokens: 0,
    outputAudioTokens: 0,
  },
  transcriptionSeconds: 0,
  costUsd: undefined,
};

/** A conversation that notes what its call tells it. */
export class NotedConversation implements CallConversation {
  readonly told: string[] = [];
  readonly summary = {};
  lastWords: Promise<ConversationReport> = Promise.resolve(REPORT);
  constructor(readonly talking: TalkingCall) {}

  get call(): CallActions {
    return this.talking.call;
  }
  keyFromWebhook(digit: string, occurredAtMs: number | undefined): void {
    this.told.push(`key ${digit} at ${occurredAtMs}`);
  }
  backFromTransfer(why: string): void {
    this.told.push(`back: ${why}`);
  }
  finish(): Promise<ConversationReport> {
    this.told.push('finish');
    return this.lastWords;
  }
  close(): void {
    this.told.push('close');
  }
  async whenQuiet(): Promise<void> {
    this.told.push('when quiet');
  }
  takeUnheard(): Buffer {
    return Buffer.alloc(0);
  }
  freeze(): void {
    this.told.push('freeze');
  }
  thaw(): void {
    this.told.push('thaw');
  }
}

/** No other pod to talk to. */
class NoPeers extends Peers {
  async ask(): Promise<PeerReply<never>> {
    return { ok: false, why: 'dead', detail: 'there is none' };
  }
  answer(): void {}
  async probe(): Promise<'dead'> {
    return 'dead';
  }
  async openRelay(): Promise<PeerReply<never>> {
    return { ok: false, why: 'dead', detail: 'there is none' };
  }
  onRelay(): void {}
}

export class NotedConversations extends CallConversations {
  readonly begun: NotedConversation[] = [];
  mistake: Error | undefined;
  begin(call: TalkingCall): CallConversation {
    if (this.mistake) throw this.mistake;
    const conversation = new NotedConversation(call);
    this.begun.push(conversation);
    return conversation;
  }
  recall(saved: SavedConversation): RecalledConversation | undefined {
    return recallConversation(saved, new FakeClock());
  }
}

class Reports {
  readonly delivered: CallReport[] = [];
  deliver(report: CallReport): void {
    this.delivered.push(report);
  }
}

export class BareLine implements CallLine {
  readonly law: G711Law = 'pcmu';
  readonly idle = true;
  closed = 0;
  listen(): void {}
  play(): void {}
  endItem(): void {}
  interrupt(): CutItem[] {
    return [];
  }
  heardItems(): CutItem[] {
    return [];
  }
  setCallerSpeaking(): void {}
  close(): LineSummary {
    this.closed++;
    return {};
  }
}

export function identity(callControlId: string, more: Partial<CallIdentity> = {}): CallIdentity {
  const nothing = { callSessionId: undefined, callLegId: undefined, from: undefined, to: undefined };
  return { callControlId, ...nothing, clientState: undefined, ...more };
}
export const initiated = (
  id: string,
  deliveredTo: string | undefined = 'https://gw.example.com/webhooks',
): CallWebhook => ({
  kind: 'initiated',
  call: identity(id),
  direction: 'incoming',
  deliveredTo,
});
export const hangup = (id: string, source = 'caller'): CallWebhook => ({
  kind: 'hangup',
  call: identity(id),
  cause: 'normal_clearing',
  source,
});

const admissions: Admission[] = [];

/** What every test leaves behind is put away. */
export function tidyUp(): void {
  for (const admission of admissions.splice(0)) admission.onModuleDestroy();
}

/** The calls of a pod, with everything around them that is not Telnyx, a socket or a model. */
export function setUp(
  env: Record<string, string> = {},
  directory: CallDirectory = new InMemoryCallDirectory(),
  observers?: ConversationObservers,
) {
  const { config } = loadConfig({
    OPENAI_API_KEY: 'sk-test',
    TELNYX_API_KEY: 'KEY-test',
    WEBHOOK_SIGNATURE: 'off',
    STREAM_TOKEN_SECRET: 'a secret for signing stream tokens',
    ...env,
  });
  const clock = new FakeClock();
  const log = new PinoLogger({ pinoHttp: { enabled: false } });
  const commands = new ScriptedCommands();
  const model = new AnticipatingModel();
  const conversations = new NotedConversations();
  const reports = new Reports();
  const counters = new Counters();
  const admission = new Admission(config, clock);
  admission.memoryUsedPercent = 0;
  admissions.push(admission);
  const legs = new SecondLegs();
  const keyring = new Keyring(config.stream.tokenSecret, clock);
  const pod = new ThisPod(config);
  const overflow = new OverflowCalls(config, clock, log, commands, legs, pod);
  const ownership = new Ownership(config, clock, log, directory, pod);
  const talks = new TalkLog(directory, new Seal(keyring, 'conversation'), clock, log);
  const traces = new CallTraces();
  const factory = new CallFactory(config, clock, commands, keyring, pod, ownership, talks, traces);
  const fleet = new Fleet(config, clock, log, directory, new NoPeers(), pod);
  const intake = new CallIntake(config, log, admission, commands, overflow, fleet, directory, keyring, counters);
  const books = new CallBooks(config, clock, reports, directory);
  const numbers = new NumberAttributes(config, keyring);
  const summaries = new CallSummaries(traces, pod, numbers, directory);
  const calls = new CallsService(
    ...([config, clock, log, factory, ownership, admission, overflow, legs] as const),
    ...([conversations, books, counters, pod, new Relays(), traces, summaries] as const),
    observers,
  );
  const webhooks = new CallWebhooks(
    ...([calls, factory, ownership, intake, overflow, legs, model, counters, keyring, pod] as const),
    ...([traces, numbers] as const),
  );
  const begun = conversations.begun;
  return {
    calls,
    webhooks,
    clock,
    commands,
    model,
    conversations,
    begun,
    reports,
    counters,
    directory,
    admission,
    config,
    keyring,
    traces,
    tracing: new CallTracing(calls, traces),
  };
}

export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A call with its stream and its conversation. */
export async function talking(
  { calls, webhooks }: { calls: CallsService; webhooks: CallWebhooks },
  id: string,
  more: Partial<CallIdentity> = {},
): Promise<BareLine> {
  const line = new BareLine();
  await webhooks.handle({ ...initiated(id), call: identity(id, more) } as CallWebhook);
  calls.streamStarted(id, line);
  calls.streamReady(id);
  return line;
}

/** News of a leg. @param more ids and client state of it, and what the kind of news has besides. */
export function news(
  kind: 'answered' | 'bridged' | 'hangup' | 'speak-ended' | 'key',
  id: string,
  more: Partial<CallIdentity> & { cause?: string; source?: string; digit?: string } = {},
): CallWebhook {
  const { cause = 'normal_clearing', source = 'caller', digit = '1', ...ids } = more;
  const call = identity(id, ids);
  switch (kind) {
    case 'hangup':
      return { kind, call, cause, source };
    case 'key':
      return { kind, call, digit, occurredAtMs: 1_000 };
    default:
      return { kind, call };
  }
}
