import fc from 'fast-check';
import { commandId } from './command-id.js';

const UUID_8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('commandId', () => {
  it('is a UUID of version 8, whatever the command is for', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (call, action, cause) => {
        expect(commandId(call, action, cause)).toMatch(UUID_8);
      }),
    );
  });

  it('is the same on every pod and in every release', () => {
    // A pod of the next release repeats the command of this one: the id must not depend on anything but its cause.
    expect(commandId('v3:AbC-d_E', 'hangup')).toBe(commandId('v3:AbC-d_E', 'hangup', ''));
    expect(commandId('v3:AbC-d_E', 'streaming_start', '1')).toBe('41a3368c-2a36-8add-bff8-9c4673880e9e');
  });

  it('tells commands apart by call, action and cause, and does not run them together', () => {
    const part = fc.oneof(fc.string(), fc.constantFrom('', 'a', 'ab', 'b', '"', '","', '[', '1', '11'));
    const command = fc.tuple(part, part, part);
    fc.assert(
      fc.property(command, command, (one, other) => {
        const same = one.every((text, index) => text === other[index]);
        expect(commandId(...one) === commandId(...other)).toBe(same);
      }),
    );
  });
});
