/** What the tests measured by the way. Printed, not judged: the machine is shared. */
export class Figures {
  private readonly lines: string[] = [];

  constructor(private readonly title: string) {}

  add(what: string, value: number, unit = ' ms'): void {
    this.lines.push(`  ${what}: ${Math.round(value)}${unit}`);
  }

  /** To be called when all tests of a file are over. */
  print(): void {
    if (this.lines.length > 0) process.stdout.write(`${[this.title, ...this.lines].join('\n')}\n`);
  }
}
