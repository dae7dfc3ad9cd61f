import { isIP } from 'node:net';
import { fromText, integer, oneOf, problem, text } from '../schemas.js';
import { settings } from '../setting.js';

const address = fromText((value) => {
  if (value === 'localhost' || isIP(value) !== 0) return value;
  return problem('is no IP address; give one like 0.0.0.0 (all of IPv4), :: (all) or 127.0.0.1');
});

export const server = settings({
  PORT: {
    meaning: 'Public port: webhooks and media streams. 0 takes any free one.',
    schema: integer(0, 65_535),
    default: '6000',
  },
  MANAGEMENT_PORT: {
    meaning:
      'Port for health checks and for what pods say to each other, never to be reached from outside. 0 takes any free one.',
    schema: integer(0, 65_535),
    default: '8081',
  },
  BIND_ADDRESS: {
    meaning: 'Address that both ports listen on.',
    schema: address,
    defaultNote: '`::` (IPv4 too), or `0.0.0.0` on a machine without IPv6',
  },
  POD_NAME: {
    meaning: 'Name of this process in logs; in Kubernetes from the downward API.',
    schema: text(),
    defaultNote: "the host's name",
  },
  POD_IP: {
    meaning: 'Where other pods reach this one; in Kubernetes from the downward API.',
    schema: fromText((value) => (isIP(value) !== 0 ? value : problem('is no IP address'))),
    defaultNote: "the host's address",
  },
  POD_UID: { meaning: "The pod's uid; in Kubernetes from the downward API.", schema: text() },
  LOG_LEVEL: {
    meaning: 'Least important line that is logged.',
    schema: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace']),
    default: 'info',
  },
  LOG_PRETTY: {
    meaning: '`on`: logs for people, `off`: JSON lines, `auto`: for people when the output is a terminal.',
    schema: oneOf(['auto', 'on', 'off']),
    default: 'auto',
  },
});
