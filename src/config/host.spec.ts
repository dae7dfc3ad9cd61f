import { isIP } from 'node:net';
import { hostFacts } from './host.js';

describe('hostFacts', () => {
  it('gives a name and an address that another machine could use, or loopback', () => {
    const { name, ip } = hostFacts();
    expect(name).not.toBe('');
    expect(isIP(ip)).not.toBe(0);
    expect(ip).not.toMatch(/^fe[89ab]/i);
  });
});
