import { z } from 'zod';

/** One process of the fleet. A restarted container is another one, at the same address and with the same uid. */
export interface PodIdentity {
  /** The pod's uid in Kubernetes; elsewhere its name. */
  uid: string;
  /** Random, new with every start of the process. */
  bootId: string;
  /** For people. */
  name: string;
  /** `host:port` of the management listener, where other pods reach this one. */
  address: string;
}

/** What a pod says of itself with every heartbeat. */
export interface PodState {
  pod: PodIdentity;
  activeCalls: number;
  maxCalls: number;
  draining: boolean;
}

/** A pod as the others see it. */
export interface PodView extends PodState {
  /** Since its last heartbeat, by the directory's clock. */
  silentMs: number;
}

/** A pod as it is read from what another one wrote. */
export const podIdentitySchema: z.ZodType<PodIdentity> = z.object({
  uid: z.string().min(1),
  bootId: z.string().min(1),
  name: z.string(),
  address: z.string().min(1),
});

/** One process of the fleet, as one word. */
export function podKey({ uid, bootId }: PodIdentity): string {
  return `${uid} ${bootId}`;
}

export function samePod(a: PodIdentity, b: PodIdentity): boolean {
  return a.uid === b.uid && a.bootId === b.bootId;
}
