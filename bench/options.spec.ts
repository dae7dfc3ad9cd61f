import { plansOf, readOptions } from './options.js';

describe('the command line of the benchmark', () => {
  it('has a short default, a smoke test and a full run', () => {
    expect(readOptions([])).toMatchObject({ calls: [50, 100, 200], seconds: 5, pairs: 2, transports: [false] });
    expect(readOptions(['--quick'])).toMatchObject({ calls: [20], seconds: 2, pairs: 1 });
    expect(readOptions(['--full'])).toMatchObject({ calls: [50, 100, 200], pairs: 5, transports: [false, true] });
  });

  it('lets flags overrule the presets', () => {
    const options = readOptions([
      ...['--quick', '--calls', '5,10', '--tls', 'on', '--profile', 'bursts', '--only', 'bare', '--json', 'x.json'],
      ...['--gateway-env', 'PLAYOUT_CHUNK_MS=60', '--gateway-env', 'A=b=c'],
    ]);
    expect(options).toEqual({
      calls: [5, 10],
      seconds: 2,
      pairs: 1,
      profiles: ['bursts'],
      transports: [true],
      relays: ['bare'],
      json: 'x.json',
      gatewayEnv: { PLAYOUT_CHUNK_MS: '60', A: 'b=c' },
    });
  });

  it('makes a plan for every number of calls, profile and transport', () => {
    const plans = plansOf(readOptions(['--tls', 'both']));
    expect(plans).toHaveLength(12);
    expect(new Set(plans.map((plan) => JSON.stringify(plan))).size).toBe(12);
  });
});
