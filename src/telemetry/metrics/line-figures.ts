/** What happened to the caller's audio on one socket. */
export interface LineCounts {
  readonly frames: number;
  readonly reordered: number;
  readonly late: number;
  readonly paddedBytes: number;
  /** Times that frames never came. */
  readonly gaps: number;
}

/** A media socket that counts for itself. */
export interface CountingLine {
  readonly counts: LineCounts;
  /** Frames of audio for the caller. */
  readonly framesOut: number;
}

export type LineTotals = LineCounts & { framesOut: number };

/**
 * The sum over all media sockets, open ones and ended. Added up when somebody asks: a frame costs nothing but the plain
 * fields of its own socket.
 */
export class LineFigures {
  private readonly open = new Set<CountingLine>();
  private ended: LineTotals = { frames: 0, framesOut: 0, reordered: 0, late: 0, paddedBytes: 0, gaps: 0 };

  /** A media stream has begun. */
  joined(line: CountingLine): void {
    this.open.add(line);
  }

  /** Its socket is closed. Does nothing for one that never joined, or has left. */
  left(line: CountingLine): void {
    if (this.open.delete(line)) this.ended = sum(this.ended, line);
  }

  /** Media streams that are open just now. */
  get openStreams(): number {
    return this.open.size;
  }

  get total(): LineTotals {
    let total = this.ended;
    for (const line of this.open) total = sum(total, line);
    return total;
  }

  toJSON(): LineTotals {
    return this.total;
  }
}

function sum(one: LineTotals, { counts, framesOut }: CountingLine): LineTotals {
  return {
    frames: one.frames + counts.frames,
    framesOut: one.framesOut + framesOut,
    reordered: one.reordered + counts.reordered,
    late: one.late + counts.late,
    paddedBytes: one.paddedBytes + counts.paddedBytes,
    gaps: one.gaps + counts.gaps,
  };
}
