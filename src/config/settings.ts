import { type SettingGroup, type Values } from './setting.js';
import { assistant } from './settings/assistant.js';
import { openai } from './settings/openai.js';
import { server } from './settings/server.js';
import { stream } from './settings/stream.js';
import { telnyx } from './settings/telnyx.js';

/** Every variable that Parley reads, by name. */
export const SETTINGS = { ...openai, ...telnyx, ...assistant, ...stream, ...server };

export type SettingName = keyof typeof SETTINGS;
export type SettingValues = Values<typeof SETTINGS>;

/** The same, in the order and under the headings of the documentation. */
export const SETTING_GROUPS: readonly SettingGroup[] = [
  { title: 'OpenAI', settings: openai },
  { title: 'Telnyx', settings: telnyx },
  { title: 'Assistant', settings: assistant },
  { title: 'Media stream', settings: stream },
  { title: 'Server', settings: server },
];
