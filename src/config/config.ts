import { type PriceTable } from './price-setting.js';
import { type Secret } from './secret.js';
import { type BuiltInTool, type HttpTool, type McpServer, type TransferTarget } from './tools-setting.js';

export { Secret } from './secret.js';

/** How the model decides that the caller has begun or finished speaking. */
export type VadConfig =
  | { type: 'server_vad'; threshold: number; prefixPaddingMs: number; silenceMs: number }
  | { type: 'semantic_vad'; eagerness: 'low' | 'medium' | 'high' | 'auto' };

export type ReasoningEffort = 'minimal' | 'low' | 'medium' | 'high' | 'xhigh';
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** How Redis is reached. Secrets are read at each connection, so that a rotated one counts from the next one on. */
export interface RedisConfig {
  /** `redis://` or `rediss://`, perhaps with user, password and database. Undefined with sentinels. */
  url: Secret | undefined;
  username: string | undefined;
  password: Secret | undefined;
  /** PEM. Not secret, but re-read like one. */
  tlsCa: Secret | undefined;
  sentinel:
    | { hosts: readonly { host: string; port: number }[]; name: string; password: Secret | undefined; tls: boolean }
    | undefined;
  cluster: boolean;
  keyPrefix: string;
  commandTimeoutMs: number;
  /** What becomes of new calls while Redis is away. */
  failureMode: 'degrade' | 'refuse';
}

/**
 * Everything Parley reads from its environment, checked and with units. docs/configuration.md says which variable sets
 * which field; nothing outside src/config reads `process.env`.
 */
export interface Config {
  openai: {
    apiKey: Secret;
    /** `ws:` or `wss:`, without the `model` query. */
    url: string;
    /** The model, or on Azure the deployment. */
    model: string;
    organization?: string;
    project?: string;
    /** `api-key` is Azure's header; everything else takes a bearer token. */
    authHeader: 'bearer' | 'api-key';
    connectTimeoutMs: number;
    /** Sessions connected ahead of calls; 0 switches the pool off. */
    warmSessions: number;
    warmSessionMaxAgeMs: number;
    /** A session of a call is exchanged for a new one at this age, in the next pause. */
    renewAfterMs: number;
    prices: PriceTable;
  };
  assistant: {
    /** A built-in voice's name or a custom `voice_…` id. */
    voice: string;
    speed: number;
    instructions: string;
    /** Undefined: the caller speaks first. */
    greeting: string | undefined;
    /** True: caller speech does not interrupt the greeting. */
    greetingProtected: boolean;
    /** Speech shorter than this does not interrupt; 0 lets the model interrupt at once. */
    interruptMinSpeechMs: number;
    vad: VadConfig;
    noiseReduction: 'near_field' | 'far_field' | undefined;
    transcription?: { model: string; languages: string[] };
    reasoningEffort?: ReasoningEffort;
    maxOutputTokens: number | 'inf';
  };
  telnyx: {
    apiKey: Secret;
    /** One or several keys; take them apart with `publicKeyList`. Undefined only when signatures are switched off. */
    publicKeys: Secret | undefined;
    /** With the API version (`https://api.telnyx.com/v2`), without a slash at the end. */
    baseUrl: string;
    commandTimeoutMs: number;
    webhookSignature: 'on' | 'off';
    webhookBodyLimitBytes: number;
    /** Voice of sentences that Telnyx speaks, when the model cannot. */
    speakVoice: string;
    speakLanguage: string;
  };
  stream: {
    /** `ws:` or `wss:`, path without a slash at the end. Undefined: taken from the signed `meta.delivered_to`. */
    publicUrl: URL | undefined;
    auth: 'token' | 'off';
    /** One or several secrets, for a `Keyring`. */
    tokenSecret: Secret;
    targetLegs: 'self' | 'opposite' | 'both';
    sendSilenceWhenIdle: boolean;
    /** Answered, and no media stream for this long: the watchdog acts. */
    startTimeoutMs: number;
    /** A media socket lost without `stop`: how long Telnyx has to re-dial it before it is started anew. */
    redialWaitMs: number;
    /** How often one call's media stream is started anew. */
    maxRestarts: number;
    /** How far ahead of the caller's ear playout runs. */
    playoutLeadMs: number;
    /** Audio in one frame to Telnyx; a multiple of 20. */
    playoutChunkMs: number;
  };
  tools: {
    builtIn: readonly BuiltInTool[];
    http: readonly HttpTool[];
    mcp: readonly McpServer[];
  };
  transfer: {
    targets: readonly TransferTarget[];
    ringS: number;
    /** What the person called sees; undefined: the number that was called. */
    from: string | undefined;
    /** Where a call goes that cannot go on. */
    fallbackTo: string | undefined;
    /** Where a call goes that this pod cannot take. */
    overflowTo: string | undefined;
  };
  keys: {
    enabled: boolean;
    source: 'auto' | 'media' | 'webhook';
    /** Undefined: only the pause ends an entry. */
    terminator: string | undefined;
    pauseMs: number;
  };
  /** What is said to the caller without the assistant, or in words given to it. */
  sentences: {
    sorry: string;
    fallback: string;
    wait: string;
    transfer: string;
    idle: string;
    timeUp: string;
    goodbye: string;
  };
  waitSignal: { kind: 'speech' | 'tone' | 'off'; afterMs: number };
  /** Undefined: nothing about a call leaves the process after its end. */
  report:
    | {
        url: string;
        secret: Secret;
        timeoutMs: number;
        giveUpAfterMs: number;
        lastWordsWaitMs: number;
      }
    | undefined;
  /** Undefined: one pod, whose call directory is in memory. */
  redis: RedisConfig | undefined;
  fleet: {
    heartbeatMs: number;
    /** A pod silent for this long is probed. */
    silentMs: number;
    leaseMs: number;
  };
  drain: { handoverAfterMs: number; deadlineMs: number };
  http: { port: number; managementPort: number; host: string };
  pod: { name: string; ip: string; uid?: string };
  /** Undefined: no such limit. */
  limits: {
    maxCalls: number;
    eventLoopLagLimitMs: number;
    memoryLimitPercent: number;
    callerCallsPerMinute: number | undefined;
    maxCallDurationMs: number;
    maxCallDurationNoticeMs: number | undefined;
    idlePromptMs: number | undefined;
    idleHangUpMs: number | undefined;
    maxSilenceMs: number | undefined;
    maxMonologueMs: number | undefined;
    maxCallCostUsd: number | undefined;
  };
  telemetry: {
    numbers: 'hashed' | 'plain' | 'off';
    /** Words and tool arguments stand in traces. */
    content: boolean;
    /** Undefined: derived from the token secret. */
    numberHashSecret: Secret | undefined;
  };
  log: { level: LogLevel; pretty: boolean | 'auto' };
}
