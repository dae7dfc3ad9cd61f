/** Telnyx redelivers within minutes; ten cover every retry schedule it documents but the last. */
export const EVENT_MEMORY_MS = 10 * 60_000;
/** Telnyx ends every call after four hours; what is kept of it never outlives it by much. */
export const CALL_KEPT_MS = 4.5 * 3_600_000;
/** A pod is listed for this long after its last heartbeat, and so are its calls. */
export const POD_KEPT_MS = 10 * 60_000;
/** For this long it is known that a call was removed, and at which epoch: longer than a late webhook takes. */
export const REMOVED_KEPT_MS = 10 * 60_000;
