import { type Logger } from 'pino';
import { type Clock } from '../common/clock.js';
import { type Config } from '../config/config.js';
import { type Counters } from '../telemetry/counters.js';
import { type CallActions } from './call.port.js';
import { type Line } from './line.port.js';
import { type ModelConnector } from './model.port.js';
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
}
