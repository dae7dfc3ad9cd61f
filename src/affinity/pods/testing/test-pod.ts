import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { systemClock } from '../../../common/clock.js';
import { ManagementServer } from '../../../health/management-server.js';
import { type PodIdentity } from '../../pod.js';
import { HttpPeers } from '../http-peers.js';
import { type PeerSigner } from '../peer-wire.js';
import { type PeerOperation } from '../peers.js';

/** Signs with one secret. */
export class TestSigner implements PeerSigner {
  constructor(private readonly secret = 'a secret of the deployment') {}

  sign(purpose: string, data: string): { keyId: string; mac: Buffer } {
    return { keyId: 'k1', mac: this.mac(purpose, data) };
  }

  verify(purpose: string, data: string, keyId: string, mac: Buffer): boolean {
    return keyId === 'k1' && mac.equals(this.mac(purpose, data));
  }

  private mac(purpose: string, data: string): Buffer {
    return createHmac('sha256', `${this.secret} ${purpose}`).update(data).digest();
  }
}

/** Answers with what it was asked, and how often it was asked in all; declines `say: ''`, and fails for `say: 'fail'`. */
export const ECHO: PeerOperation<{ say: string }, { said: string; times: number }> = {
  name: 'echo',
  request: z.object({ say: z.string() }),
  reply: z.object({ said: z.string(), times: z.number() }),
};

export interface Logged {
  level: 'warn' | 'error';
  fields: object;
  message: string;
}

export interface TestPodOptions {
  bootId?: string;
  uid?: string;
  port?: number;
  signer?: PeerSigner;
  nowUnixMs?: () => number;
}

/** A pod process, as far as other pods see it: a management server with the operation ECHO. */
export class TestPod {
  logged: readonly Logged[] = [];
  /** How often ECHO was asked. */
  times = 0;

  private constructor(
    readonly server: ManagementServer,
    readonly identity: PodIdentity,
    readonly peers: HttpPeers,
  ) {}

  static async start({
    uid = 'pod-a',
    bootId = 'boot-1',
    port = 0,
    ...options
  }: TestPodOptions = {}): Promise<TestPod> {
    const server = new ManagementServer();
    const address = `127.0.0.1:${await server.listen(port, '127.0.0.1')}`;
    const self = { uid, bootId, name: `name of ${uid}`, address };
    const logged: Logged[] = [];
    const log = {
      warn: (fields: object, message: string) => void logged.push({ level: 'warn', fields, message }),
      error: (fields: object, message: string) => void logged.push({ level: 'error', fields, message }),
    };
    const peers = new HttpPeers({ self, signer: new TestSigner(), server, clock: systemClock, log, ...options });
    const pod = new TestPod(server, self, peers);
    peers.answer(ECHO, async ({ say }) => {
      pod.times++;
      if (say === 'fail') throw new Error('with a secret in it');
      if (say === 'hang') return new Promise<never>(() => undefined);
      return say === '' ? undefined : { said: say, times: pod.times };
    });
    pod.logged = logged;
    return pod;
  }

  async close(): Promise<void> {
    await this.peers.close();
    await this.server.close();
  }
}
