import { type SettingGroup, type Values } from './setting.js';
import { assistant } from './settings/assistant.js';
import { drain } from './settings/drain.js';
import { keys } from './settings/keys.js';
import { limits } from './settings/limits.js';
import { openai } from './settings/openai.js';
import { redis } from './settings/redis.js';
import { report } from './settings/report.js';
import { sentences } from './settings/sentences.js';
import { server } from './settings/server.js';
import { stream } from './settings/stream.js';
import { telemetry } from './settings/telemetry.js';
import { telnyx } from './settings/telnyx.js';
import { tools } from './settings/tools.js';

/** Every variable that Parley reads, by name. */
export const SETTINGS = {
  ...openai,
  ...telnyx,
  ...assistant,
  ...tools,
  ...keys,
  ...limits,
  ...sentences,
  ...report,
  ...stream,
  ...redis,
  ...drain,
  ...telemetry,
  ...server,
};

export type SettingName = keyof typeof SETTINGS;
export type SettingValues = Values<typeof SETTINGS>;

/** The same, in the order and under the headings of the documentation. */
export const SETTING_GROUPS: readonly SettingGroup[] = [
  { title: 'OpenAI', settings: openai },
  { title: 'Telnyx', settings: telnyx },
  { title: 'Assistant', settings: assistant },
  { title: 'Tools and transfers', settings: tools },
  { title: 'Keys', settings: keys },
  { title: 'Limits', settings: limits },
  { title: 'What the caller hears when the assistant cannot speak', settings: sentences },
  { title: 'Report after the call', settings: report },
  { title: 'Media stream', settings: stream },
  { title: 'Many pods', settings: redis },
  { title: 'Drain', settings: drain },
  { title: 'Traces', settings: telemetry },
  { title: 'Server', settings: server },
];
