import { type Check } from '../check.js';
import { application } from './application.js';
import { number } from './number.js';
import { outbound } from './outbound.js';
import { publicAddress, webhookAddress } from './public-address.js';
import { publicKey } from './public-key.js';
import { publicWebSocket } from './public-websocket.js';
import { realtime } from './realtime.js';
import { telnyxKey } from './telnyx-key.js';

/** In this order: later ones use what earlier ones found. */
export const CHECKS: readonly Check[] = [
  telnyxKey,
  publicKey,
  application,
  number,
  outbound,
  publicAddress,
  webhookAddress,
  publicWebSocket,
  realtime,
];
