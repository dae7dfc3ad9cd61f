import { DEFAULT_SWITCHES as REALTIME_DEFAULTS } from '../realtime/index.js';
import { DEFAULT_SWITCHES as TELNYX_DEFAULTS } from '../telnyx/index.js';
import { REALTIME_SWITCHES } from './realtime-switches.js';
import { parseSwitches, type SwitchCatalogue, type SwitchEntry } from './switches.js';
import { TELNYX_SWITCHES } from './telnyx-switches.js';
import { writeValue } from './values.js';

describe.each([
  ['Telnyx', TELNYX_SWITCHES as SwitchCatalogue<object>, TELNYX_DEFAULTS as object],
  ['Realtime', REALTIME_SWITCHES as SwitchCatalogue<object>, REALTIME_DEFAULTS as object],
])('the catalogue of the switches of the %s double', (_name, catalogue, defaults) => {
  it('describes every switch that there is', () => {
    expect(Object.keys(catalogue).sort()).toEqual(Object.keys(defaults).sort());
  });

  it('takes every default as it is shown', () => {
    const entries = catalogue as Readonly<Record<string, SwitchEntry<unknown>>>;
    for (const [name, value] of Object.entries(defaults))
      expect([name, entries[name]?.kind.parse(writeValue(value))]).toEqual([name, value]);
  });
});

describe('switches on the command line', () => {
  it('set what they name, the last one winning', () => {
    expect(parseSwitches(TELNYX_SWITCHES, ['reconnect=none', 'reconnect=redial', 'reconnectDelayMs=20'])).toEqual({
      reconnect: 'redial',
      reconnectDelayMs: 20,
    });
  });

  it('keep what follows the first equals sign', () => {
    expect(parseSwitches(TELNYX_SWITCHES, ['webhookFailoverUrl=http://127.0.0.1/?a=b'])).toEqual({
      webhookFailoverUrl: 'http://127.0.0.1/?a=b',
    });
  });

  it('name themselves, what they take and what was probably meant when they are wrong', () => {
    const parse = (text: string) => () => parseSwitches(REALTIME_SWITCHES, [text]);
    expect(parse('deltaM=3')).toThrow('there is no switch "deltaM" (did you mean "deltaMs"?)');
    expect(parse('obfuscation=3')).toThrow('--switch obfuscation: "3" is not on or off');
    expect(parse('obfuscation')).toThrow('--switch: "obfuscation" is not name=value');
    expect(parse('constructor=1')).toThrow('there is no switch "constructor"');
  });
});
