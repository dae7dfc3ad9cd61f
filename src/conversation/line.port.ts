/** The two G.711 laws, under the names both wires can be given. */
export type G711Law = 'pcmu' | 'pcma';

/** How much of an assistant item the caller had heard when it was cut. */
export interface CutItem {
  itemId: string;
  heardMs: number;
  receivedMs: number;
  /** All of it was heard and no more of it will come. */
  complete: boolean;
}

/** The caller's side of a conversation, whatever carries it. */
export interface Line {
  /** The law of the caller's audio. The way to the caller is always mu-law. */
  readonly law: G711Law;
  /** True when the caller has nothing more to hear of what was played so far. */
  readonly idle: boolean;
  listen(listener: LineListener): void;
  /** Adds audio to an assistant item. @param audio raw mu-law bytes. */
  play(itemId: string, audio: Buffer): void;
  /** No more audio will come for the item. */
  endItem(itemId: string): void;
  /** Stops the assistant at once. @returns what was heard of each item that was cut, in order. */
  interrupt(): CutItem[];
  /** What of the items still playing has been heard so far. */
  heardItems(): CutItem[];
  /** While the caller speaks, audio that stops coming is replaced by silence, so that the end of speech is noticed. */
  setCallerSpeaking(speaking: boolean): void;
}

export interface LineListener {
  /** The caller's audio, in order. @param base64 G.711 in the line's law, as base64 text; valid only during the call. */
  callerAudio(base64: Buffer, bytes: number): void;
  /**
   * The caller pressed a key.
   * @param occurredAtMs milliseconds since 1970, where the line says so.
   */
  key(digit: string, occurredAtMs: number | undefined): void;
  /** The first audio of an item is on its way. */
  itemStarted(itemId: string): void;
  itemHeard(itemId: string, heardMs: number): void;
  /** The line came back after a loss, perhaps with another law. */
  lineBack(): void;
}
