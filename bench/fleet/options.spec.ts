import { readFleetOptions } from './options.js';

describe('the command line of the fleet’s benchmark', () => {
  it('has a default and a smoke test', () => {
    expect(readFleetOptions([])).toEqual({ rounds: 5, calls: 10, seconds: 10, pairs: 4, json: undefined });
    expect(readFleetOptions(['--quick'])).toMatchObject({ rounds: 1, calls: 4, seconds: 3, pairs: 1 });
  });

  it('lets flags overrule both', () => {
    const options = readFleetOptions(['--quick', '--rounds', '3', '--calls', '8', '--pairs', '2', '--json', 'x.json']);
    expect(options).toEqual({ rounds: 3, calls: 8, seconds: 3, pairs: 2, json: 'x.json' });
  });
});
