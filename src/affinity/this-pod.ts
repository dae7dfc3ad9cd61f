import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { type Config } from '../config/config.js';
import { CONFIG } from '../config/config.token.js';
import { type PodIdentity } from './pod.js';

/** This process, as the other pods know it. */
@Injectable()
export class ThisPod implements PodIdentity {
  readonly uid: string;
  readonly bootId = randomUUID();
  readonly name: string;
  /** Of use to others once the management listener is bound; only its port may change, and only then. */
  address: string;
  readonly #host: string;

  constructor(@Inject(CONFIG) { pod, http }: Pick<Config, 'pod' | 'http'>) {
    this.uid = pod.uid ?? pod.name;
    this.name = pod.name;
    this.#host = isIPv6(pod.ip) ? `[${pod.ip}]` : pod.ip;
    this.address = `${this.#host}:${http.managementPort}`;
  }

  /** As it is now, to be sent or kept. */
  get identity(): PodIdentity {
    const { uid, bootId, name, address } = this;
    return { uid, bootId, name, address };
  }

  /** The management listener is bound. */
  listening(port: number): void {
    this.address = `${this.#host}:${port}`;
  }
}
