import fc from 'fast-check';
import { readClientState, writeClientState } from './client-state.js';

const POD = { uid: 'uid-0', bootId: 'boot', name: 'uid-0', address: '[fd00::7]:8081' };
const NOTHING = { pod: undefined, call: undefined, transfer: undefined };

function base64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64');
}

describe('client state', () => {
  it('gives back the pod that set it, and the transfer that a leg was dialled for', () => {
    expect(readClientState(writeClientState({ pod: POD }))).toEqual({ ...NOTHING, pod: POD });
    expect(readClientState(writeClientState({ pod: POD, call: 'v3:first', transfer: 2 }))).toEqual({
      pod: POD,
      call: 'v3:first',
      transfer: 2,
    });
    expect(readClientState(writeClientState({}))).toEqual(NOTHING);
  });

  it('carries the context of a trace', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    expect(readClientState(writeClientState({ pod: POD, traceparent }))).toEqual({ ...NOTHING, pod: POD, traceparent });
    expect(readClientState(base64({ v: 2, call: 'x', traceparent: {} }))).toEqual({ ...NOTHING, call: 'x' });
  });

  it('leaves the name of a pod away, so that its uid stands for it', () => {
    const state = writeClientState({ pod: { ...POD, name: 'parley-0' } });
    expect(Buffer.from(state, 'base64').toString()).not.toContain('parley-0');
    expect(readClientState(state)?.pod).toEqual(POD);
  });

  it('reads what an older version has written: the transfer, and no process', () => {
    const old = { v: 1, pod: 'parley-0', address: '10.0.0.1', call: 'v3:first', transfer: 2 };
    expect(readClientState(base64(old))).toEqual({ pod: undefined, call: 'v3:first', transfer: 2 });
  });

  it.each([
    ['no boot id', ['uid-0', '', '10.0.0.1:8081']],
    ['no port', ['uid-0', 'boot', '10.0.0.1']],
    ['more than an address', ['uid-0', 'boot', 'user@10.0.0.1:8081']],
    ['something else', { uid: 'uid-0' }],
    ['too much', ['u'.repeat(1_000), 'boot', '10.0.0.1:8081']],
  ])('does without a pod that has %s, and keeps the rest', (_case, pod) => {
    expect(readClientState(base64({ v: 2, pod, call: 'a', transfer: 1 }))).toEqual({
      pod: undefined,
      call: 'a',
      transfer: 1,
    });
  });

  it('is nothing where it is not ours', () => {
    for (const other of [
      undefined,
      '',
      'no base64!',
      base64(null),
      base64({ v: 3 }),
      base64({ of: 'somebody else' }),
    ]) {
      expect(readClientState(other)).toBeUndefined();
    }
  });

  it('is read without a throw, whatever it is', () => {
    const name = fc.constantFrom('v', 'pod', 'call', 'transfer');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.jsonValue(), name, (text, value, key) => {
        const whole = { v: 2, pod: ['uid', 'boot', 'h:1'], call: 'a', transfer: 1 };
        for (const state of [
          text,
          Buffer.from(text).toString('base64'),
          base64(value),
          base64({ ...whole, [key]: value }),
        ]) {
          expect(() => readClientState(state)).not.toThrow();
        }
      }),
    );
  });
});
