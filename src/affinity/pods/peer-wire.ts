import { createHash } from 'node:crypto';
import { type IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { parseJson } from '../../common/parse-json.js';
import { type PodIdentity, podIdentitySchema } from '../pod.js';
import { type RelayRequest } from './peers.js';

/** Signs for the pods of one deployment: a `Keyring`, or part of one. */
export interface PeerSigner {
  /** @param purpose a signature made for one purpose is none for another. */
  sign(purpose: string, data: string): { keyId: string; mac: Buffer };
  verify(purpose: string, data: string, keyId: string, mac: Buffer): boolean;
}

/** Operations are below this path, and `stream` takes relayed media sockets. */
export const PODS_PATH = '/pods/';
export const STREAM_PATH = `${PODS_PATH}stream`;
/** The operation that asks whether a process lives. */
export const PROBE = 'probe';

/** As in Telnyx's direction: a frame may hold 30 s of audio at most. */
export const MAX_FRAME_BYTES = 1_048_576;

/** What a request says beside its path and body, each one a header. */
export interface RequestClaims {
  /** Who asks: a `PodIdentity`, packed. */
  from: string;
  /** Which process is meant: uid and boot id, packed. */
  to: string;
  /** Seconds since 1970. */
  time: string;
  /** Random; no request is taken twice. */
  nonce: string;
  /** A `RelayRequest`, packed; empty where none is meant. */
  relay: string;
}

export interface SignedRequest extends RequestClaims {
  keyId: string;
  /** HMAC over method, path, body and claims; base64url. */
  mac: string;
}

const REQUEST = 'pod request';
const ANSWER = 'pod answer';
const MAX_HEADER_CHARACTERS = 12_000;
const packedText = z
  .string()
  .max(MAX_HEADER_CHARACTERS)
  .regex(/^[\w-]*$/);

const requestHeaders = z.object({
  'parley-from': packedText.min(1),
  'parley-to': packedText.min(1),
  'parley-time': z.string().regex(/^\d{1,12}$/),
  'parley-nonce': packedText.min(16).max(64),
  'parley-relay': packedText.default(''),
  'parley-key': packedText.min(1).max(64),
  'parley-mac': packedText.min(1).max(128),
});
const answerHeaders = requestHeaders.pick({ 'parley-from': true, 'parley-key': true, 'parley-mac': true });

const relaySchema = z
  .object({
    callControlId: z.string().min(1).max(500),
    token: z.string().max(4_000).optional(),
    hops: z.number().int().min(0).max(9),
  })
  .transform(({ callControlId, token, hops }): RelayRequest => ({ callControlId, token, hops }));

/** Makes a header value of something: base64url of its JSON. */
export function pack(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Names one process, to be compared. */
export function packTarget({ uid, bootId }: PodIdentity): string {
  return pack([uid, bootId]);
}

/** @returns undefined for what is none. */
export function unpackIdentity(packed: string): PodIdentity | undefined {
  return podIdentitySchema.safeParse(unpack(packed)).data;
}

/** @returns undefined for what is none. */
export function unpackRelay(packed: string): RelayRequest | undefined {
  return relaySchema.safeParse(unpack(packed)).data;
}

/** @returns the headers of a request, and its signature, which the answer will be bound to. */
export function signRequest(
  signer: PeerSigner,
  method: string,
  path: string,
  body: Buffer,
  claims: RequestClaims,
): { headers: Record<string, string>; mac: string } {
  const { keyId, mac } = signer.sign(REQUEST, requestText(method, path, body, claims));
  const signature = mac.toString('base64url');
  const headers = {
    'parley-from': claims.from,
    'parley-to': claims.to,
    'parley-time': claims.time,
    'parley-nonce': claims.nonce,
    ...(claims.relay && { 'parley-relay': claims.relay }),
    'parley-key': keyId,
    'parley-mac': signature,
  };
  return { headers, mac: signature };
}

/** @returns what a request says of itself, if one of our pods signed it; says nothing of time, nonce and target. */
export function readRequest(
  signer: PeerSigner,
  method: string,
  path: string,
  body: Buffer,
  headers: IncomingHttpHeaders,
): SignedRequest | undefined {
  const read = requestHeaders.safeParse(headers).data;
  if (!read) return undefined;
  const request: SignedRequest = {
    from: read['parley-from'],
    to: read['parley-to'],
    time: read['parley-time'],
    nonce: read['parley-nonce'],
    relay: read['parley-relay'],
    keyId: read['parley-key'],
    mac: read['parley-mac'],
  };
  const mac = Buffer.from(request.mac, 'base64url');
  return signer.verify(REQUEST, requestText(method, path, body, request), request.keyId, mac) ? request : undefined;
}

/** @param requestMac signature of the request that is answered. @param from who answers, packed. */
export function signAnswer(
  signer: PeerSigner,
  requestMac: string,
  status: number,
  body: string,
  from: string,
): Record<string, string> {
  const { keyId, mac } = signer.sign(ANSWER, answerText(requestMac, status, Buffer.from(body), from));
  return { 'parley-from': from, 'parley-key': keyId, 'parley-mac': mac.toString('base64url') };
}

/** @returns who gave this answer to this request; undefined where that cannot be told. */
export function readAnswer(
  signer: PeerSigner,
  requestMac: string,
  status: number,
  body: Buffer,
  headers: IncomingHttpHeaders,
): PodIdentity | undefined {
  const read = answerHeaders.safeParse(headers).data;
  if (!read) return undefined;
  const from = read['parley-from'];
  const mac = Buffer.from(read['parley-mac'], 'base64url');
  const genuine = signer.verify(ANSWER, answerText(requestMac, status, body, from), read['parley-key'], mac);
  return genuine ? unpackIdentity(from) : undefined;
}

function requestText(method: string, path: string, body: Buffer, claims: RequestClaims): string {
  return [method, path, hash(body), claims.from, claims.to, claims.time, claims.nonce, claims.relay].join('\n');
}

function answerText(requestMac: string, status: number, body: Buffer, from: string): string {
  return [requestMac, status, hash(body), from].join('\n');
}

function hash(body: Buffer): string {
  return createHash('sha256').update(body).digest('base64url');
}

function unpack(packed: string): unknown {
  return parseJson(Buffer.from(packed, 'base64url'));
}
