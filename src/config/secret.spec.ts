import { inspect } from 'node:util';
import { Secret } from './secret.js';

describe('Secret', () => {
  it('gives its value only to those who ask for it by name', () => {
    const secret = new Secret('hunter2');
    expect(secret.value).toBe('hunter2');
    expect(
      [String(secret), JSON.stringify({ secret }), inspect({ secret }, { depth: 9, showHidden: true })].join(),
    ).not.toContain('hunter2');
    expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}');
    expect(Object.keys(secret)).toEqual([]);
  });

  it('remembers the value it had before, for what was signed with it', () => {
    const secret = new Secret('one');
    expect(secret.previous).toBeUndefined();
    secret.replace('two');
    secret.replace('two');
    expect([secret.value, secret.previous]).toEqual(['two', 'one']);
  });

  it('tells of every change, when it has been made', () => {
    const secret = new Secret('one');
    const told: (string | undefined)[] = [];
    secret.onReplace(() => told.push(secret.value, secret.previous));
    secret.replace('one');
    secret.replace('two');
    expect(told).toEqual(['two', 'one']);
  });
});
