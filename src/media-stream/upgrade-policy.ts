import { type IncomingMessage } from 'node:http';

/** Whether a WebSocket upgrade is let in; where not, the HTTP status says why. */
export type UpgradeVerdict = { accept: true } | { accept: false; status: number };

/** Decides about upgrades before anything is allocated for them. Also the injection token. */
export abstract class UpgradePolicy {
  /** @param rest what the path has behind the gateway's own, without slashes around it. */
  abstract check(request: IncomingMessage, rest: string): UpgradeVerdict;
}
