import { chainOf, holeIn, type ToldSession } from './conversation.js';

const session = (voice: number, said: number, toldAnswers: string[] = [], toldTurns = 0): ToldSession => ({
  said: Array.from({ length: said }, (_, index) => ({ id: `${voice}-${index + 1}`, begunAtMs: 1000 * index })),
  toldAnswers,
  toldTurns,
});

const all = (): boolean => true;

describe('the sessions of a conversation', () => {
  it('are the one that greeted and those that were told of it, in the order in which they took over', () => {
    const first = session(1, 2);
    const third = session(3, 1, ['1-1', '1-2', '2-1'], 2);
    const second = session(2, 1, ['1-1', '1-2'], 1);
    const stranger = session(4, 1, ['5-1'], 1);
    expect(chainOf([third, stranger, second, first], first)).toEqual([first, second, third]);
  });

  it('are none where nobody greeted', () => {
    expect(chainOf([session(1, 1)], undefined)).toEqual([]);
  });
});

describe('a hole in a conversation', () => {
  it('is not there when the newest session was told of all that was heard and said', () => {
    const chain = [session(1, 2), session(2, 1, ['1-1', '1-2'], 1)];
    expect(holeIn(chain, all, ['1-2', '2-1'])).toEqual({ answers: 0, turns: 0 });
  });

  it('is what it was not told', () => {
    const chain = [session(1, 3), session(2, 1, ['1-1', '1-2'], 1)];
    expect(holeIn(chain, all, ['1-2', '1-3', '2-1'])).toEqual({ answers: 1, turns: 1 });
  });

  it('does not count answers of which the caller heard nothing', () => {
    const chain = [session(1, 3), session(2, 1, ['1-1', '1-2'], 2)];
    expect(holeIn(chain, ({ id }) => id !== '1-3', ['1-2'])).toEqual({ answers: 0, turns: 0 });
  });

  it('is none where nobody took over', () => {
    expect(holeIn([session(1, 3)], all, ['1-2', '1-3'])).toEqual({ answers: 0, turns: 0 });
  });
});
