import { type Logger } from 'pino';
import { type Clock } from '../common/clock.js';
import { type Config } from '../config/config.js';
import { type Counters } from '../telemetry/counters.js';
import { type CallActions, type TransferFailure } from './call.port.js';
import { type Line } from './line.port.js';
import { type ModelConnector } from './model.port.js';
import { type ConversationObserver } from './observer.port.js';
import { type ConversationKeeper, type SavedConversation } from './record/saved-conversation.js';
import { type ToolBox } from './tools/tool.port.js';

/** What of the configuration shapes a conversation. */
export type ConversationSettings = Pick<
  Config,
  'assistant' | 'tools' | 'transfer' | 'keys' | 'limits' | 'sentences' | 'waitSignal' | 'report'
>;

export interface ConversationSurroundings {
  /** The phone call's id. */
  callId: string;
  clock: Clock;
  log: Logger;
  line: Line;
  model: ModelConnector;
  toolBox: ToolBox;
  counters: Counters;
  call: CallActions;
  /** Told of every turn and every session; what it throws ends nothing. */
  observer?: ConversationObserver | undefined;
  /** Where the conversation is written down while it goes on; undefined: nowhere. */
  keeper?: ConversationKeeper | undefined;
  /** What another process wrote down of it: it goes on, even where none of it can be read. Undefined: it begins. */
  saved?: SavedConversation | undefined;
  /** With `saved`: what the caller said while it stood still, and just before, as G.711. */
  unheard?: Buffer | undefined;
  /** When it began, in milliseconds since 1970, where what was written down does not say. Undefined: now. */
  beganAtMs?: number | undefined;
  /** With `saved`: a transfer that another process had begun came to nothing, for this reason. Undefined: not known. */
  returning?: TransferFailure | undefined;
}
