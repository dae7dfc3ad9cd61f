import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { configurationPage, sampleEnvironment } from './docs.js';
import { SETTING_GROUPS, SETTINGS } from './settings.js';
import { type Setting } from './setting.js';

const REWRITE = 'npm run build && node dist/src/config/write-docs.js';

describe('the documentation of the settings', () => {
  it(`is what the settings say (${REWRITE})`, () => {
    expect(readFileSync('docs/configuration.md', 'utf8')).toBe(configurationPage(SETTING_GROUPS));
    expect(readFileSync('.env.sample', 'utf8')).toBe(sampleEnvironment(SETTING_GROUPS));
  });

  it('puts every setting into exactly one group', () => {
    const grouped = SETTING_GROUPS.flatMap((group) => Object.keys(group.settings));
    expect(grouped.sort()).toEqual(Object.keys(SETTINGS).sort());
  });

  it('shows defaults in the sample that mean the same once their comment sign is taken away', () => {
    const uncommented = sampleEnvironment(SETTING_GROUPS).replace(/^# ([A-Z_]+=)/gm, '$1');
    const parsed = parseEnv(uncommented);
    for (const [name, setting] of Object.entries<Setting>(SETTINGS))
      expect([name, parsed[name]]).toEqual([name, setting.default ?? '']);
  });

  it('has only defaults that the settings themselves accept', () => {
    for (const [name, setting] of Object.entries<Setting>(SETTINGS)) {
      if (setting.default !== undefined)
        expect([name, setting.schema.safeParse(setting.default).success]).toEqual([name, true]);
    }
  });
});
