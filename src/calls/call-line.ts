import { type Line } from '../conversation/line.port.js';

/** A call's line, as the call's life is concerned with it. */
export interface CallLine extends Line {
  /** The call is over: closes what is open. @returns totals for the log. */
  close(): object;
}
