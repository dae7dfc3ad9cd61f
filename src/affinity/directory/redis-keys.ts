import { type PodIdentity, podKey } from '../pod.js';

/**
 * Names of keys: `<prefix>{<tag>}:<kind>`. Redis Cluster looks only at what is between the braces, so that all that is
 * kept of a call is in one place.
 */
export class RedisKeys {
  constructor(private readonly prefix: string) {}

  /** Hash: what is written down of a call. */
  call = (callControlId: string): string => this.key(callControlId, 'call');
  /** Text: the last epoch of a call that was removed. */
  epoch = (callControlId: string): string => this.key(callControlId, 'epoch');
  /** Both: what most scripts about a call look at. */
  record = (callControlId: string): [string, string] => [this.call(callControlId), this.epoch(callControlId)];
  /** Hash: the parts of a conversation, sealed. */
  talk = (callControlId: string): string => this.key(callControlId, 'talk');
  /** Sorted set: the calls of a session. */
  legs = (callSessionId: string): string => this.key(callSessionId, 'legs');
  /** Set: the calls listed under a pod. */
  calls = (pod: PodIdentity): string => this.key(podKey(pod), 'calls');
  /** Hash: what each pod last said of itself. */
  podStates = (): string => this.key('pods', 'states');
  /** Sorted set: when each pod last said so. */
  podBeats = (): string => this.key('pods', 'beats');
  event = (eventId: string): string => this.key(eventId, 'event');
  turn = (what: string): string => this.key(what, 'turn');
  count = (what: string): string => this.key(what, 'count');
  /** A key in the same hash slot as another one, for trying whether it can be written. */
  probe = (beside: string): string => `${beside.slice(0, beside.lastIndexOf('}') + 1)}:probe`;

  private key(tag: string, kind: string): string {
    return `${this.prefix}{${tag}}:${kind}`;
  }
}
