export { type Approval, type FunctionOutput } from './client-record.js';
export { type Item } from './conversation.js';
export { DoubleSession } from './double-session.js';
export { type LoggedEvent } from './event-log.js';
export { type FaultDetails, type FaultKind, RealtimeFaults } from './faults.js';
export { type McpCallResult, type McpServer, type McpServers, type McpTool } from './mcp-servers.js';
export { RealtimeDouble, type RealtimeDoubleOptions, type Refusal } from './realtime-double.js';
export {
  type AssistantScript,
  type ReplyContext,
  type ScriptedCall,
  type ScriptedMcpCall,
  type ScriptedMessage,
  type ScriptedReply,
} from './script.js';
export { type SessionConfig } from './session-config.js';
export { type Violation } from './session-core.js';
export { REALTIME_VOICES } from './session-schema.js';
export { DEFAULT_SWITCHES, type RealtimeSwitches } from './switches.js';
export { heardTone, REPLY_TONES_HZ, synthesiseVoice, toneOfReply } from './voice-synth.js';
export { type WireError } from './wire-types.js';
