import { type G711Law, type Line } from '../conversation/line.port.js';

/** What a line carried, for the log and the call's trace. */
export interface LineSummary {
  codec?: G711Law;
  /** Media sockets that it has had. */
  sockets?: number;
  /** From the caller. */
  frames?: number;
  /** To the caller; each holds as much audio as PLAYOUT_CHUNK_MS says, or less. */
  framesOut?: number;
  reordered?: number;
  /** Times that frames from the caller never came. */
  gaps?: number;
  /** Frames that came after their place had been given up, or twice. */
  late?: number;
  /** Silence put in for frames that never came, or while none came. */
  paddedBytes?: number;
}

/** A call's line, as the call's life is concerned with it. */
export interface CallLine extends Line {
  /** The call is over: closes what is open. @returns totals. */
  close(): LineSummary;
}
