import { FleetStage } from './fleet/testing/fleet-stage.js';

describe('CallIntake, as one of several pods', () => {
  let stage: FleetStage;
  beforeEach(() => (stage = new FleetStage({ MAX_CALLS: '1', CALLER_CALLS_PER_MINUTE: '2' })));
  afterEach(() => stage.close());

  const rings = async (call: string, at: string, from: string): Promise<void> => {
    stage.telnyx.rings(call);
    await stage.outcome(stage.webhook(at, 'call.initiated', call, { direction: 'incoming', from }));
  };

  it('answers for the fleet where it is full and another pod has room', async () => {
    await stage.start('a', 'b');
    await stage.talking('one', 'a');
    await rings('two', 'a', '+15550101');
    expect(stage.telnyx.asked('a')).toEqual(['answer one', 'answer two']);
  });

  it('turns a call away as busy only when nobody has room', async () => {
    await stage.start('a', 'b');
    await stage.talking('one', 'a');
    await stage.talking('two', 'b');
    await stage.run(1_300);
    await rings('three', 'a', '+15550101');
    expect(stage.telnyx.asked('a')).toEqual(['answer one', 'reject three']);
    await expect(stage.store.kept.find('three')).resolves.toBeUndefined();
  });

  it('answers for the fleet while it leaves and another pod stays', async () => {
    await stage.start('a', 'b');
    stage.pod('a').drain.begin();
    await rings('one', 'a', '+15550101');
    expect(stage.telnyx.asked('a')).toEqual(['answer one']);
    stage.lands = () => 'a';
    await stage.land('one', 'a');
    expect(stage.serving('one')).toEqual(['b']);
  });

  it('counts the calls of one number over all pods', async () => {
    stage.close();
    stage = new FleetStage({ CALLER_CALLS_PER_MINUTE: '2' });
    await stage.start('a', 'b', 'c');
    for (const [call, pod] of [
      ['one', 'a'],
      ['two', 'b'],
      ['three', 'c'],
    ] as const)
      await rings(call, pod, '+15550101');
    expect(stage.telnyx.asked()).toEqual(['answer one', 'answer two', 'reject three']);
    // Nothing is kept of a call that was turned away.
    await expect(stage.store.kept.find('three')).resolves.toBeUndefined();
    expect(stage.pod('c').calls.heldCalls).toBe(0);
    await stage.run(60_000);
    await rings('four', 'c', '+15550101');
    expect(stage.telnyx.asked('c')).toContain('answer four');
  });

  it('goes by what it has answered itself while the directory is away', async () => {
    stage.close();
    stage = new FleetStage({ CALLER_CALLS_PER_MINUTE: '2' });
    await stage.start('a', 'b');
    stage.store.leave();
    for (const call of ['one', 'two', 'three']) await rings(call, 'a', '+15550101');
    expect(stage.telnyx.asked('a')).toEqual(['answer one', 'answer two', 'reject three']);
  });

  it('refuses calls without the directory where it is told to, and takes them where not', async () => {
    stage.close();
    stage = new FleetStage({ REDIS_URL: 'redis://127.0.0.1:6390', REDIS_FAILURE_MODE: 'refuse' });
    await stage.start('a', 'b');
    stage.store.leave();
    await stage.run(1_000);
    await rings('one', 'a', '+15550101');
    expect(stage.telnyx.asked('a')).toEqual(['reject one']);
    stage.store.comeBack();
    await rings('two', 'a', '+15550102');
    expect(stage.telnyx.asked('a')).toEqual(['reject one', 'answer two']);
  });
});
