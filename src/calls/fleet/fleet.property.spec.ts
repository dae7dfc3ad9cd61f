import { RandomFleet, type Weather } from './testing/random-fleet.js';

const RUNS = Number(process.env['FLEET_RUNS'] ?? 8);
const FIRST = Number(process.env['FLEET_SEED'] ?? 1);

const FAIR: Weather = { directory: 'there', kills: false, drains: false, partitions: false, redials: true };

describe('A fleet, whatever happens to it in whatever order', () => {
  const weathers: [string, Weather][] = [
    ['sockets break', FAIR],
    ['sockets break, and Telnyx does not dial again', { ...FAIR, redials: false }],
    ['pods are killed', { ...FAIR, kills: true }],
    ['pods leave', { ...FAIR, drains: true }],
    [
      'pods are killed and leave, and do not reach each other',
      { ...FAIR, kills: true, drains: true, partitions: true },
    ],
    ['the directory goes away', { ...FAIR, directory: 'away', drains: true }],
    ['the directory goes away and forgets', { ...FAIR, directory: 'forgetful' }],
  ];

  it.each(weathers)('serves every call once, and leaves nothing behind: %s', async (_name, weather) => {
    for (let seed = FIRST; seed < FIRST + RUNS; seed++) {
      const fleet = new RandomFleet(seed, weather);
      try {
        const wrongs = await fleet.run();
        if (wrongs.length > 0) throw new Error([`seed ${seed}`, ...wrongs, '', ...fleet.story].join('\n'));
      } finally {
        fleet.close();
      }
    }
  });
});
