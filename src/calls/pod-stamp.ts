import { z } from 'zod';
import { type PodIdentity } from '../affinity/pod.js';

/** As short as it goes, because it travels in a URL: uid, boot id, address. The name is for people, and stays away. */
export type PodStamp = [uid: string, bootId: string, address: string];

/** A host name, an IPv4 address or an IPv6 address in brackets, and a port. */
const address = z
  .string()
  .max(280)
  .regex(/^(\[[0-9a-f:.]+\]|[\w.-]+):\d{1,5}$/i);
const id = z.string().min(1).max(128);

/** From a stamp to the pod that it names; the uid stands for its name. */
export const podStampSchema: z.ZodType<PodIdentity> = z
  .tuple([id, id, address])
  .transform(([uid, bootId, address]) => ({ uid, bootId, name: uid, address }));

export function podStamp({ uid, bootId, address }: PodIdentity): PodStamp {
  return [uid, bootId, address];
}
