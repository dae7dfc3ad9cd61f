import { type Socket } from 'node:net';
import { type WebSocket } from 'ws';
import { type z } from 'zod';
import { type PodIdentity } from '../pod.js';

/**
 * How another pod took a request.
 * `dead`: proof that this process is no more (connection refused, or another boot id at its address).
 * `silent`: no answer in time, or its host is not reached: it may live.
 * `declined`: it lives, and does not have what was asked for (404).
 * `failed`: something answers there, but could not do it, would not take our signature, or has none that we take. No
 * proof of anything: neither that it is dead nor that it is the process that was asked.
 */
export type PeerReply<T> =
  { ok: true; reply: T } | { ok: false; why: 'dead' | 'silent' | 'declined' | 'failed'; detail: string };

/** An operation between pods: `POST /pods/<name>` on the management port. Request and reply have 512 KiB at most. */
export interface PeerOperation<Q, R> {
  name: string;
  request: z.ZodType<Q>;
  reply: z.ZodType<R>;
}

/** What a relayed media socket brings with it. */
export interface RelayRequest {
  callControlId: string;
  /** The token that the socket came with; undefined where stream authentication is off. */
  token: string | undefined;
  /** How often it was relayed already; more than once is a mistake. */
  hops: number;
}

/** A WebSocket, and the TCP socket below it: for writing several frames at once, and for seeing what waits and what came. */
export interface RelaySocket {
  socket: WebSocket;
  transport: Socket;
}

/** What pods ask of each other. Every request is signed, bound to the boot id it is meant for, and bounded in time. */
export abstract class Peers {
  /**
   * Never rejects. The other pod does it once at most, whatever becomes of the connection.
   * @param timeoutMs for the whole of it.
   */
  abstract ask<Q, R>(
    pod: PodIdentity,
    operation: PeerOperation<Q, R>,
    request: Q,
    timeoutMs: number,
  ): Promise<PeerReply<R>>;
  /** Answers an operation; undefined declines it (404). What it throws is a 500. */
  abstract answer<Q, R>(
    operation: PeerOperation<Q, R>,
    handler: (request: Q, from: PodIdentity) => Promise<R | undefined>,
  ): void;
  /** Asks nothing but whether this process lives. Never rejects. */
  abstract probe(pod: PodIdentity, timeoutMs: number): Promise<'alive' | 'dead' | 'silent'>;
  /**
   * Opens a socket to another pod that stands for a media socket here. Never rejects.
   * @returns the socket paused, so that no frame is lost before somebody listens: `relay` resumes it, or `resume()`.
   */
  abstract openRelay(pod: PodIdentity, request: RelayRequest, timeoutMs: number): Promise<PeerReply<RelaySocket>>;
  /**
   * Takes media sockets that other pods relay here.
   * @param handler has to attach its listeners before it returns.
   * @param wanted asked before the socket is taken; false declines it (404). Without it, every socket is.
   */
  abstract onRelay(
    handler: (socket: RelaySocket, request: RelayRequest, from: PodIdentity) => void,
    wanted?: (request: RelayRequest, from: PodIdentity) => boolean,
  ): void;
}
