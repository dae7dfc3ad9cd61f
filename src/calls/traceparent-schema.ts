import { z } from 'zod';

/** A W3C `traceparent` that something carries beside what it is for: one that cannot be read is as good as none. */
export const traceparentSchema = z.string().max(55).optional().catch(undefined);
