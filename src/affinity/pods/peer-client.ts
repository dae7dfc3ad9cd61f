import { randomBytes } from 'node:crypto';
import { type Clock } from '../../common/clock.js';
import { parseJson } from '../../common/parse-json.js';
import { MAX_BODY_BYTES } from '../../health/management-server.js';
import { type PodIdentity, samePod } from '../pod.js';
import { type Answered, type NoAnswer, PeerHttp } from './peer-http.js';
import {
  pack,
  packTarget,
  type PeerSigner,
  PODS_PATH,
  PROBE,
  readAnswer,
  signRequest,
  STREAM_PATH,
  unpackRelay,
} from './peer-wire.js';
import { type PeerOperation, type PeerReply, type RelayRequest, type RelaySocket } from './peers.js';
import { type PeerLog, RareLog } from './rare-log.js';

type Refusal = Extract<PeerReply<never>, { ok: false }>;

const NONCE_BYTES = 16;
const NOTHING = Buffer.alloc(0);

/** Asks other pods, and judges what their answers, and their silence, prove. */
export class PeerClient {
  private readonly http: PeerHttp;
  private readonly refusals: RareLog;
  private readonly from: string;

  /** @param nowUnixMs milliseconds since 1970. */
  constructor(
    private readonly signer: PeerSigner,
    self: PodIdentity,
    clock: Clock,
    log: PeerLog,
    private readonly nowUnixMs: () => number,
  ) {
    this.from = pack(self);
    this.http = new PeerHttp(clock);
    this.refusals = new RareLog(clock, log, 'another pod does not take our signature: do secrets or clocks differ?');
  }

  async ask<Q, R>(
    pod: PodIdentity,
    operation: PeerOperation<Q, R>,
    request: Q,
    timeoutMs: number,
  ): Promise<PeerReply<R>> {
    const body = bytesOf(request);
    if (!body || body.length > MAX_BODY_BYTES) return failed('the request is too long, or no JSON');
    const answer = await this.post(pod, operation.name, body, timeoutMs);
    if (!answer.ok) return answer;
    const reply = operation.reply.safeParse(parseJson(answer.reply));
    return reply.success ? { ok: true, reply: reply.data } : failed('the reply is not what this operation gives');
  }

  async probe(pod: PodIdentity, timeoutMs: number): Promise<'alive' | 'dead' | 'silent'> {
    const answer = await this.post(pod, PROBE, NOTHING, timeoutMs);
    if (answer.ok) return 'alive';
    return answer.why === 'dead' ? 'dead' : 'silent';
  }

  async openRelay(pod: PodIdentity, request: RelayRequest, timeoutMs: number): Promise<PeerReply<RelaySocket>> {
    const relay = pack(request);
    if (!unpackRelay(relay)) return failed('a relay request that the other pod would not take');
    const { headers, mac } = this.sign('GET', STREAM_PATH, NOTHING, pod, relay);
    const answer = await this.http.dial(pod.address, STREAM_PATH, headers, timeoutMs);
    if (answer.kind !== 'opened') {
      const verdict = this.judge(pod, mac, answer);
      return verdict.ok ? failed('no upgrade') : verdict;
    }
    const { socket, transport } = answer;
    const verdict = this.judge(pod, mac, { kind: 'answered', status: 101, headers: answer.headers, body: NOTHING });
    if (verdict.ok) return { ok: true, reply: { socket, transport } };
    socket.terminate();
    return verdict;
  }

  close(): void {
    this.http.close();
  }

  private async post(pod: PodIdentity, name: string, body: Buffer, timeoutMs: number): Promise<PeerReply<Buffer>> {
    const path = `${PODS_PATH}${name}`;
    const { headers, mac } = this.sign('POST', path, body, pod, '');
    return this.judge(pod, mac, await this.http.post(pod.address, path, headers, body, timeoutMs));
  }

  private sign(
    method: string,
    path: string,
    body: Buffer,
    pod: PodIdentity,
    relay: string,
  ): { headers: Record<string, string>; mac: string } {
    return signRequest(this.signer, method, path, body, {
      from: this.from,
      to: packTarget(pod),
      time: String(Math.floor(this.nowUnixMs() / 1_000)),
      nonce: randomBytes(NONCE_BYTES).toString('base64url'),
      relay,
    });
  }

  /** Only what is signed by a pod of this deployment, for this very request, proves anything. */
  private judge(asked: PodIdentity, requestMac: string, answer: Answered | NoAnswer): PeerReply<Buffer> {
    if (answer.kind !== 'answered') return { ok: false, why: answer.kind, detail: answer.detail };
    const { status, headers, body } = answer;
    const answerer = readAnswer(this.signer, requestMac, status, body, headers);
    if (!answerer) {
      if (status === 401) this.refusals.warn({ pod: asked.name, address: asked.address });
      return failed(`${status}, not signed by a pod of this deployment`);
    }
    if (!samePod(answerer, asked)) {
      // At its own address: there is room for one process there. Elsewhere: somebody sent our request to another pod.
      if (answerer.address !== asked.address) return failed(`answered by ${answerer.address}`);
      return { ok: false, why: 'dead', detail: 'another process is at its address' };
    }
    if (status === 404) return { ok: false, why: 'declined', detail: '404' };
    return status === 200 || status === 101 ? { ok: true, reply: body } : failed(String(status));
  }
}

function failed(detail: string): Refusal {
  return { ok: false, why: 'failed', detail };
}

function bytesOf(value: unknown): Buffer | undefined {
  try {
    return Buffer.from(JSON.stringify(value));
  } catch {
    return undefined;
  }
}
