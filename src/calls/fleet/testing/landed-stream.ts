import { pause } from '../../../common/clock.js';
import { type StreamClaims, verifyStreamToken } from '../../stream-token.js';
import { type Place } from '../stream-placement.js';
import { type LineSocket, type StagedLine, type StagedPod } from './staged-pod.js';

const PLACEMENTS = 4;
const AGAIN_AFTER_MS = 250;

/** A media socket, without the socket: goes the way that `MediaStream` goes. */
export class LandedStream implements LineSocket {
  open = true;
  /** Where it is served. */
  servedBy: StagedPod | undefined;
  /** Pods that it passes through. */
  relayedBy: StagedPod | undefined;
  /** Who looks for its place. */
  private placedBy: StagedPod | undefined;
  private line: StagedLine | undefined;

  /** @param ended told once, when the socket is closed. */
  constructor(
    readonly callControlId: string,
    readonly url: string,
    private readonly ended: (stream: LandedStream) => void = () => undefined,
  ) {}

  /** It reaches a pod. Resolves when it is known where it is served. */
  async land(pod: StagedPod): Promise<Place | undefined> {
    if (pod.killed) {
      this.close();
      return undefined;
    }
    const token = this.url.slice(this.url.lastIndexOf('/') + 1);
    const claims = verifyStreamToken(token, pod.keyring);
    const ageS = claims && Date.now() / 1000 - claims.issuedAtS;
    if (ageS !== undefined && !pod.calls.mayStream(this.callControlId, ageS)) {
      this.close();
      return undefined;
    }
    return this.place(pod, claims, undefined, 1);
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    const { line, servedBy } = this;
    if (line?.socket === this) {
      line.socket = undefined;
      if (servedBy && !servedBy.killed) servedBy.calls.streamLost(this.callControlId);
    }
    this.ended(this);
  }

  /** Whether a pod was on its way. */
  touches(pod: StagedPod): boolean {
    return this.servedBy === pod || this.relayedBy === pod || this.placedBy === pod;
  }

  private async place(
    pod: StagedPod,
    claims: StreamClaims | undefined,
    relayedBy: StagedPod | undefined,
    tries: number,
  ): Promise<Place | undefined> {
    const { callControlId } = this;
    this.placedBy = pod;
    this.relayedBy = relayedBy;
    const place: Place =
      tries > PLACEMENTS
        ? { at: 'nowhere', why: 'tried enough' }
        : await pod.placement.place(callControlId, claims, relayedBy !== undefined);
    if (!this.open || pod.killed) {
      this.close();
      return undefined;
    }
    switch (place.at) {
      case 'here':
        this.begin(pod);
        return place;
      case 'nowhere':
        this.close();
        return place;
      case 'pod': {
        const far = await pod.relayTo(place.pod);
        if (typeof far !== 'string') {
          void this.place(far, claims, pod, 1);
          return place;
        }
        if (far === 'silent') await pause(pod.clock, AGAIN_AFTER_MS);
        return this.place(pod, claims, relayedBy, tries + 1);
      }
    }
  }

  private begin(pod: StagedPod): void {
    const { callControlId } = this;
    const line = pod.lineOf(callControlId);
    if (!pod.calls.streamStarted(callControlId, line)) return this.close();
    const replaced = line.socket;
    this.servedBy = pod;
    this.line = line;
    line.socket = this;
    replaced?.close();
    pod.calls.streamReady(callControlId);
  }
}
