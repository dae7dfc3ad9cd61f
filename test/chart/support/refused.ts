import { LEAST } from './render.js';

/** Values that cannot work, and what the sentence about them says; it names what is to be changed. */
export interface Refused {
  what: string;
  values: object;
  says: string;
  /** The value to change. */
  names: string;
  /** How many sentences there are, where more than one. */
  sentences?: number;
}

export const REDIS = {
  redis: { url: 'redis://redis:6379' },
  networkPolicy: { redis: { to: [{ ipBlock: { cidr: '10.0.0.1/32' } }] } },
};

/** Over what every installation needs. */
export const least = (values: object): object => ({ ...LEAST, ...values });
