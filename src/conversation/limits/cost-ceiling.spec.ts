import { CostCeiling } from './cost-ceiling.js';

function setUp(maxUsd?: number) {
  let overs = 0;
  const ceiling = new CostCeiling(maxUsd, () => overs++);
  return { ceiling, overs: () => overs };
}

describe('CostCeiling', () => {
  it('adds up what the call costs, and tells once when it is above the ceiling', () => {
    const { ceiling, overs } = setUp(1);
    ceiling.add(0.75);
    ceiling.add(0.25);
    expect(overs()).toBe(0);
    ceiling.add(0.125);
    expect(overs()).toBe(1);
    ceiling.add(5);
    expect(overs()).toBe(1);
    expect(ceiling.totalUsd).toBe(6.125);
  });

  it('has no total once a part has no known price, but still holds the rest against the ceiling', () => {
    const { ceiling, overs } = setUp(1);
    expect(ceiling.totalUsd).toBe(0);
    ceiling.add(0.5);
    ceiling.add(undefined);
    expect(ceiling.totalUsd).toBeUndefined();
    expect(overs()).toBe(0);
    ceiling.add(1);
    expect(overs()).toBe(1);
    expect(ceiling.totalUsd).toBeUndefined();
  });

  it('only adds up where there is no ceiling', () => {
    const { ceiling, overs } = setUp();
    ceiling.add(1_000);
    expect(overs()).toBe(0);
    expect(ceiling.totalUsd).toBe(1_000);
  });
});
