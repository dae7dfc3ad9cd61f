import { type IncomingMessage } from 'node:http';
import { type PinoLogger } from 'nestjs-pino';
import { type CallsService } from '../calls/calls.service.js';
import { signStreamToken } from '../calls/stream-token.js';
import { FakeClock } from '../common/fake-clock.js';
import { Keyring } from '../common/keyring.js';
import { type Config, Secret } from '../config/config.js';
import { Counters } from '../telemetry/counters.js';
import { CallTraces } from '../telemetry/trace/call-traces.js';
import { StreamUpgradePolicy } from './stream-upgrade-policy.js';

const request = (): IncomingMessage => ({}) as IncomingMessage;

function setUp(auth: 'token' | 'off' = 'token', previous?: string) {
  const counters = new Counters();
  const asked: { call: string; ageS: number }[] = [];
  const calls = { mayStream: (call: string, ageS: number) => (asked.push({ call, ageS }), call !== 'over') };
  const secret = new Secret(previous ?? 'present');
  const keyring = new Keyring(secret, new FakeClock());
  secret.replace('present');
  const policy = new StreamUpgradePolicy(
    { stream: { auth } } as unknown as Config,
    { warn: () => undefined } as unknown as PinoLogger,
    calls as unknown as CallsService,
    counters,
    keyring,
    new CallTraces(),
  );
  return { policy, counters, asked };
}

const POD = { uid: 'uid', bootId: 'boot', name: 'uid', address: '10.0.0.1:8081' };

function token(call = 'v3:a', secret = 'present', ageS = 0): string {
  const issuedAtS = Math.floor(Date.now() / 1000) - ageS;
  const claims = { callControlId: call, issuedAtS, attempt: 0, epoch: 0, baseUrl: '', pod: POD };
  return signStreamToken(claims, new Keyring(new Secret(secret), new FakeClock()));
}

describe('StreamUpgradePolicy', () => {
  it('lets a token of ours in and remembers what it said, for that request alone', () => {
    const { policy, asked, counters } = setUp();
    const accepted = request();
    expect(policy.check(accepted, token('v3:a', 'present', 50))).toEqual({ accept: true });
    expect(policy.claims(accepted)).toMatchObject({ callControlId: 'v3:a', attempt: 0 });
    expect(policy.claims(request())).toBeUndefined();
    expect(asked[0]?.call).toBe('v3:a');
    expect(asked[0]?.ageS).toBeGreaterThanOrEqual(50);
    expect(counters.streamsRefused).toBe(0);
  });

  it.each([
    ['none', ''],
    ['a word', 'good'],
    ['one of another secret', token('v3:a', 'other')],
    ['one with a path behind it', `${token()}/more`],
    ['one whose claims were changed', token().replace(/^./, (first) => (first === 'e' ? 'f' : 'e'))],
    ['one from the future', token('v3:a', 'present', -120)],
    ['one of a call that may not stream', token('over')],
  ])('refuses %s with 401 and counts it', (_, rest) => {
    const { policy, counters } = setUp();
    const refused = request();
    expect(policy.check(refused, rest)).toEqual({ accept: false, status: 401 });
    expect(policy.claims(refused)).toBeUndefined();
    expect(counters.streamsRefused).toBe(1);
  });

  it('bears clocks that differ a little', () => {
    expect(setUp().policy.check(request(), token('v3:a', 'present', -20))).toEqual({ accept: true });
  });

  it('takes the secret of before while it is being rotated', () => {
    const old = token('v3:a', 'before');
    expect(setUp('token', 'before').policy.check(request(), old)).toEqual({ accept: true });
    expect(setUp('token').policy.check(request(), old)).toEqual({ accept: false, status: 401 });
  });

  it('lets the bare path in only where stream authentication is off, and even then no wrong token', () => {
    const { policy } = setUp('off');
    const bare = request();
    expect(policy.check(bare, '')).toEqual({ accept: true });
    expect(policy.claims(bare)).toBeUndefined();
    expect(policy.check(request(), 'wrong')).toEqual({ accept: false, status: 401 });
    expect(policy.check(request(), token())).toEqual({ accept: true });
  });
});
