import { tailOf, tailOfAll } from './tail.js';

describe('the tail of a list that grows', () => {
  it('is what came since the last look', () => {
    const list = [1, 2];
    const tail = tailOf(() => list);
    expect(tail()).toEqual([1, 2]);
    list.push(3);
    expect(tail()).toEqual([3]);
    expect(tail()).toEqual([]);
  });

  it('is taken of each of several lists, in whatever order they grow', () => {
    const lists: string[][] = [[], ['b1']];
    const tail = tailOfAll(() => lists);
    expect(tail()).toEqual(['b1']);
    lists[0]?.push('a1');
    lists.push(['c1']);
    expect(tail()).toEqual(['a1', 'c1']);
    lists[1]?.push('b2');
    expect(tail()).toEqual(['b2']);
  });
});
