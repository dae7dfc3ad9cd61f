/** A number of places; who comes when all are taken waits in line. */
export class Slots {
  private readonly line: (() => void)[] = [];

  constructor(private free: number) {}

  async take(): Promise<void> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.line.push(resolve));
  }

  giveBack(): void {
    const next = this.line.shift();
    if (next) next();
    else this.free++;
  }
}
