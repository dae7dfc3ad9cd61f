/** Who a line of the demo is about. */
export type Lane = 'telnyx' | 'gateway' | 'model' | 'tool' | 'caller' | 'assistant';

/** Something that happened in the call, ready to be shown. */
export interface DemoEvent {
  /** Since the caller dialled. */
  atMs: number;
  lane: Lane;
  text: string;
  /** `speech`: spoken words. `mark`: what the demo wants to be noticed. */
  tone?: 'speech' | 'mark' | 'warning' | 'problem';
}

/** Beyond this, an event that comes in late is told out of order rather than held back. */
const HELD_MS = 200;

/** Events come from several sources, each a little late in its own way; this tells them in order, as late as the latest. */
export class EventOrder {
  private readonly held: DemoEvent[] = [];

  constructor(private readonly tell: (event: DemoEvent) => void) {}

  add(event: DemoEvent): void {
    this.held.push(event);
  }

  /** Tells what can no longer be overtaken; everything when `nowMs` is Infinity. */
  flush(nowMs: number): void {
    this.held.sort((a, b) => a.atMs - b.atMs);
    while (this.held[0] !== undefined && this.held[0].atMs <= nowMs - HELD_MS) {
      const [event] = this.held.splice(0, 1);
      if (event) this.tell(event);
    }
  }
}
