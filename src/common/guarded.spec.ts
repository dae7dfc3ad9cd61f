import { guarded } from './guarded.js';

class Speaker {
  said: string[] = [];
  volume = 3;
  readonly whisper = (word: string): void => void this.said.push(word.toLowerCase());

  say(word: string, times: number): string {
    this.said.push(word.repeat(times));
    return `said ${word}`;
  }
  throwing(): string {
    throw new Error('hoarse');
  }
  rejecting(): Promise<string> {
    return Promise.reject(new Error('absent'));
  }
  resolving(): Promise<string> {
    return Promise.resolve('later');
  }
  get loud(): boolean {
    return this.volume > 5;
  }
}
class Announcer extends Speaker {
  override say(word: string, times: number): string {
    return `${super.say(word, times)} at the station`;
  }
}

function setUp<T extends object>(target: T) {
  const failures: string[] = [];
  const shield = guarded(target, (error, method) => failures.push(`${method}: ${(error as Error).message}`));
  return { shield, failures };
}

describe('guarded', () => {
  it('passes arguments and results through, of inherited and of overridden methods', async () => {
    const announcer = new Announcer();
    const { shield, failures } = setUp(announcer);
    expect(shield.say('ha', 2)).toBe('said ha at the station');
    shield.whisper('HUSH');
    await expect(shield.resolving()).resolves.toBe('later');
    expect(announcer.said).toEqual(['haha', 'hush']);
    expect(failures).toEqual([]);
  });

  it('passes every argument, also to methods that do not count theirs', () => {
    const target = { all: (...words: string[]) => words.join(' '), rest: (first: string, last = '.') => first + last };
    const { shield } = setUp(target);
    expect(shield.all('one', 'two', 'three', 'four', 'five')).toBe('one two three four five');
    expect(shield.all('one')).toBe('one');
    expect(shield.rest('one', '!')).toBe('one!');
  });

  it('reports what a method throws, with its name, and returns nothing', () => {
    const { shield, failures } = setUp(new Speaker());
    expect(shield.throwing()).toBeUndefined();
    expect(failures).toEqual(['throwing: hoarse']);
  });

  it('reports a promise that rejects, which then rejects nobody', async () => {
    const { shield, failures } = setUp(new Speaker());
    await expect(shield.rejecting()).resolves.toBeUndefined();
    expect(failures).toEqual(['rejecting: absent']);
  });

  it('goes on after a failure', () => {
    const { shield, failures } = setUp(new Speaker());
    shield.throwing();
    shield.throwing();
    expect(shield.say('still', 1)).toBe('said still');
    expect(failures).toHaveLength(2);
  });

  it('shows fields as they are at the moment', () => {
    const speaker = new Speaker();
    const { shield } = setUp(speaker);
    speaker.volume = 9;
    expect(shield.volume).toBe(9);
    expect(shield.loud).toBe(true);
  });

  it('guards plain objects too', () => {
    const { shield, failures } = setUp({
      go: () => {
        throw new Error('no');
      },
    });
    shield.go();
    expect(failures).toEqual(['go: no']);
  });
});
