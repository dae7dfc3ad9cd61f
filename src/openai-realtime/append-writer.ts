/**
 * Writes `input_audio_buffer.append` events by copying: the caller's audio is base64 on both wires, so a frame of Telnyx
 * becomes an event of OpenAI without being decoded.
 *
 * While the event loop is late, the frames that have piled up arrive in one go and become one event: their audio is
 * decoded and joined, because base64 ends in padding. That costs less than the writes it saves, when it is needed most.
 */
export class AppendWriter {
  private pending: Buffer[] = [];
  private sequence = 0;
  private scheduled = false;

  /**
   * @param send puts one event on the socket.
   * @param lateness of the event loop: gathers frames while it is late.
   */
  constructor(
    private readonly send: (event: Buffer) => void,
    private readonly lateness: { readonly late: boolean },
  ) {}

  /** @param base64 audio as base64 text; a view that is read before the event loop goes on. */
  append(base64: Buffer): void {
    if (!this.lateness.late && this.pending.length === 0) {
      this.send(this.event(base64));
      return;
    }
    this.pending.push(base64);
    if (this.scheduled) return;
    this.scheduled = true;
    process.nextTick(flush, this);
  }

  /** Sends what is pending; runs by itself when the frames of one read have all been handled. */
  flush(): void {
    this.scheduled = false;
    const { pending } = this;
    const [only] = pending;
    if (only === undefined) return;
    const base64 = pending.length === 1 ? only : joined(pending);
    this.pending = [];
    this.send(this.event(base64));
  }

  private event(base64: Buffer): Buffer {
    this.sequence = (this.sequence + 1) % SEQUENCE_END;
    const event = Buffer.allocUnsafe(HEAD.length + base64.length + TAIL.length);
    HEAD.copy(event, 0);
    for (let at = SEQUENCE_AT + SEQUENCE_DIGITS - 1, rest = this.sequence; at >= SEQUENCE_AT; at--) {
      event[at] = 0x30 + (rest % 10);
      rest = (rest / 10) | 0;
    }
    base64.copy(event, HEAD.length);
    TAIL.copy(event, HEAD.length + base64.length);
    return event;
  }
}

// Every client event has an id, so that an error names what it is about; nine digits are half a year of frames.
const SEQUENCE_DIGITS = 9;
const SEQUENCE_END = 10 ** SEQUENCE_DIGITS;
const HEAD = Buffer.from('{"type":"input_audio_buffer.append","event_id":"audio_000000000","audio":"');
const SEQUENCE_AT = HEAD.indexOf('000000000');
const TAIL = Buffer.from('"}');

function joined(pieces: Buffer[]): Buffer {
  const audio = Buffer.concat(pieces.map((piece) => Buffer.from(piece.toString('latin1'), 'base64')));
  return Buffer.from(audio.toString('base64'), 'latin1');
}

function flush(writer: AppendWriter): void {
  writer.flush();
}
