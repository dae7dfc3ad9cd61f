import { hostname, networkInterfaces } from 'node:os';

/** What the machine says about itself; stands in for what the environment does not say. */
export interface HostFacts {
  name: string;
  /** An address other machines may reach, or loopback when there is none. */
  ip: string;
  hasIPv6: boolean;
}

export function hostFacts(): HostFacts {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outside = addresses.filter((address) => !address.internal);
  // Link-local IPv6 addresses (fe80::/10) mean nothing without the interface's name, so they are no way to be reached.
  const reachable =
    outside.find((address) => address.family === 'IPv4') ??
    outside.find((address) => address.family === 'IPv6' && !/^fe[89ab]/i.test(address.address));
  return {
    name: hostname(),
    ip: reachable?.address ?? '127.0.0.1',
    hasIPv6: addresses.some((address) => address.family === 'IPv6'),
  };
}
