import { FleetStage } from './testing/fleet-stage.js';
import { type StagedPod } from './testing/staged-pod.js';

const DEADLINE_MS = 600_000;

describe('Drain', () => {
  let stage: FleetStage;
  let a: StagedPod;
  beforeEach(async () => {
    stage = new FleetStage({ DRAIN_HANDOVER_AFTER: '0', DRAIN_DEADLINE: String(DEADLINE_MS / 1000) });
    await stage.start('a', 'b');
    a = stage.pod('a');
  });
  afterEach(() => stage.close());

  const record = () => stage.store.kept.find('call');
  const told = (): string[] => a.conversations.begun[0]?.told ?? [];

  it('hands a call over at a quiet moment: it stands still, its stream is asked for anew, and then it is let go of', async () => {
    await stage.talking('call', 'a');
    a.conversations.begun[0]?.talking.keeper?.save(new Map([['entry/0', 'what was said']]));
    stage.lands = () => 'b';
    a.drain.begin();
    await stage.run(1_500);
    expect(told()).toEqual(['when quiet', 'freeze', 'close']);
    expect(stage.telnyx.asked('a')).toEqual(['answer call', 'stop call', 'start call']);
    expect(stage.serving('call')).toEqual(['b']);
    expect(stage.pod('b').conversations.begun[0]?.talking.saved).toEqual(new Map([['entry/0', 'what was said']]));
    await expect(record()).resolves.toMatchObject({ epoch: 3, owner: { uid: 'b' } });
    expect(a.calls.heldCalls).toBe(0);
    expect(a.calls.find('call')).toBeUndefined();
  });

  it('says at once that it leaves, and waits before it hands over', async () => {
    stage.close();
    stage = new FleetStage({ DRAIN_HANDOVER_AFTER: '30' });
    await stage.start('a', 'b');
    a = stage.pod('a');
    await stage.talking('call', 'a');
    stage.lands = () => 'b';
    a.drain.begin();
    await stage.run(1_000);
    expect(stage.pod('b').fleet.others.map(({ draining }) => draining)).toEqual([true]);
    await stage.run(28_000);
    expect(stage.serving('call')).toEqual(['a']);
    await stage.run(3_000);
    expect(stage.serving('call')).toEqual(['b']);
  });

  it('keeps its calls while nobody else is there, and hands them over when somebody comes', async () => {
    await stage.talking('call', 'a');
    stage.kill('b');
    await stage.run(3_000);
    a.drain.begin();
    await stage.run(10_000);
    expect(stage.serving('call')).toEqual(['a']);
    expect(told()).toEqual([]);
    stage.lands = () => 'c';
    await stage.start('c');
    await stage.run(3_000);
    expect(stage.serving('call')).toEqual(['c']);
  });

  it('does not hand over to a pod that leaves too', async () => {
    await stage.talking('call', 'a');
    stage.pod('b').drain.begin();
    await stage.run(1_000);
    a.drain.begin();
    await stage.run(10_000);
    expect(told()).toEqual([]);
  });

  it('goes on with a call whose stream does not come anywhere, and keeps its words', async () => {
    await stage.talking('call', 'a');
    a.drain.begin();
    await stage.run(17_000);
    expect(told()).toContain('thaw');
    expect(a.calls.partIn('call')).toBe('streaming');
    await expect(record()).resolves.toMatchObject({ owner: { uid: 'a' }, moving: false });
    expect(a.ownership.epochOf('call')).toBe((await record())?.epoch);
  });

  it('goes on at once where the stream comes back to the pod that leaves, and asks for no other', async () => {
    await stage.talking('call', 'a');
    stage.lands = () => {
      stage.kill('b');
      return 'a';
    };
    // The other one is gone in the moment in which the stream comes.
    a.fleet.roomElsewhere = () => undefined;
    a.drain.begin();
    await stage.run(8_000);
    expect(told().slice(0, 3)).toEqual(['when quiet', 'freeze', 'thaw']);
    expect(a.calls.find('call')?.call.state.phase).toBe('streaming');
    expect(stage.telnyx.asked('a')).toEqual(['answer call', 'stop call', 'start call']);
    expect(stage.streams.filter(({ open }) => open)).toHaveLength(1);
  });

  it('asks at once for a stream of its own, which Telnyx does not take for one of the move', async () => {
    await stage.talking('call', 'a');
    a.drain.begin();
    await stage.run(14_000);
    stage.kill('b');
    await stage.until('it stays', () => told().includes('thaw'), 3_000);
    stage.lands = () => 'a';
    await stage.run(8_000);
    expect(stage.telnyx.sent.map(({ result }) => result)).not.toContain('swallowed');
    expect(a.calls.find('call')?.call.state.phase).toBe('streaming');
  });

  it('asks for a stream where the call had none when it was to be moved', async () => {
    await stage.talking('call', 'a');
    const conversation = a.conversations.begun[0];
    if (conversation) {
      conversation.whenQuiet = async () => {
        stage.streams[0]?.close();
        stage.store.leave();
      };
    }
    a.drain.begin();
    await stage.run(1_000);
    if (conversation) conversation.whenQuiet = () => new Promise(() => undefined);
    stage.lands = () => 'a';
    await stage.run(8_000);
    expect(a.calls.find('call')?.call.state.phase).toBe('streaming');
  });

  it('does it again later', async () => {
    await stage.talking('call', 'a');
    a.drain.begin();
    await stage.run(17_000);
    stage.lands = () => 'b';
    await stage.run(30_000);
    expect(stage.serving('call')).toEqual(['b']);
  });

  it('lets a call end that is hung up while it waits for a quiet moment', async () => {
    await stage.talking('call', 'a');
    const conversation = a.conversations.begun[0];
    if (conversation) conversation.whenQuiet = () => new Promise((resolve) => a.clock.after(5_000, resolve));
    a.drain.begin();
    await stage.run(2_000);
    stage.telnyx.end('call');
    await stage.webhook('a', 'call.hangup', 'call');
    await stage.run(6_000);
    expect(told()).toEqual(['close']);
    expect(stage.telnyx.asked('a')).toEqual(['answer call']);
    await expect(record()).resolves.toBeUndefined();
  });

  it.each(['a', 'b'])('lets a call end that is hung up while it is on its way, told to %s', async (pod) => {
    await stage.talking('call', 'a');
    a.drain.begin();
    await stage.run(2_000);
    expect(a.calls.find('call')?.call.moving).toBe(true);
    stage.telnyx.end('call');
    await stage.outcome(stage.webhook(pod, 'call.hangup', 'call'));
    await stage.run(6_000);
    expect(a.calls.heldCalls).toBe(0);
    expect(stage.pod('b').calls.heldCalls).toBe(0);
    await expect(record()).resolves.toBeUndefined();
    expect(stage.telnyx.asked('a').filter((line) => line.startsWith('hangup'))).toEqual([]);
  });

  it('keeps a call that it has claimed anew while it waited for a quiet moment', async () => {
    await stage.talking('call', 'a');
    const conversation = a.conversations.begun[0];
    if (conversation) conversation.whenQuiet = () => new Promise((resolve) => a.clock.after(2_000, resolve));
    a.drain.begin();
    await stage.run(1_000);
    await stage.outcome(a.taking.claim({ callControlId: 'call', sawEpoch: 5 }));
    expect(a.ownership.epochOf('call')).toBe(6);
    stage.lands = () => 'b';
    await stage.run(4_000);
    expect(stage.serving('call')).toEqual(['b']);
    expect((await record())?.epoch).toBeGreaterThan(6);
  });

  it('keeps its calls while the directory is away, with an epoch that wins when it is back', async () => {
    await stage.talking('call', 'a');
    const conversation = a.conversations.begun[0];
    if (conversation) {
      conversation.whenQuiet = async () => {
        stage.store.leave();
      };
    }
    a.drain.begin();
    await stage.run(1_000);
    expect(told()).toEqual(['freeze', 'thaw']);
    expect(a.calls.partIn('call')).toBe('streaming');
    expect(a.ownership.epochOf('call')).toBeGreaterThan(2);
    if (conversation) conversation.whenQuiet = () => new Promise(() => undefined);
    stage.store.comeBack();
    await stage.run(3_000);
    await expect(record()).resolves.toMatchObject({ owner: { uid: 'a' }, moving: false });
    expect(stage.serving('call')).toEqual(['a']);
  });

  it('does not take a directory that has come back empty for the end of the call', async () => {
    await stage.talking('call', 'a');
    const conversation = a.conversations.begun[0];
    if (conversation) {
      conversation.whenQuiet = async () => {
        stage.store.empty();
      };
    }
    a.drain.begin();
    await stage.run(1_000);
    expect(a.calls.partIn('call')).toBe('streaming');
    expect(stage.telnyx.asked('a')).toEqual(['answer call']);
    expect(a.ownership.epochOf('call')).toBeGreaterThan(1);
  });

  it('lets go of a call that another pod has decided on', async () => {
    await stage.talking('call', 'a');
    const conversation = a.conversations.begun[0];
    if (conversation) {
      conversation.whenQuiet = async () => {
        await stage.store.kept.move('call', 1);
      };
    }
    a.drain.begin();
    await stage.run(1_000);
    expect(a.calls.find('call')).toBeUndefined();
    expect(told()).toContain('close');
  });

  it('ends with a sentence, at the deadline, what is left, also what was just on its way', async () => {
    await stage.talking('call', 'a');
    stage.kill('b');
    await stage.run(2_000);
    a.drain.begin();
    await stage.run(DEADLINE_MS - 3_000);
    expect(stage.telnyx.asked('a')).not.toContain('speak call');
    // A move begins just before the deadline.
    stage.begin('c');
    await stage.run(4_000);
    expect(a.calls.find('call')?.call.moving).toBe(true);
    await stage.run(30_000);
    expect(stage.telnyx.asked('a')).toContain('speak call');
  });

  it('begins once', async () => {
    await stage.talking('call', 'a');
    stage.lands = () => 'b';
    a.drain.begin();
    a.drain.begin();
    await stage.run(3_000);
    expect(stage.telnyx.asked('a')).toEqual(['answer call', 'stop call', 'start call']);
  });

  it('leaves alone what was handed to somebody else, and what is being ended', async () => {
    await stage.talking('call', 'a');
    a.calls.find('call')?.call.handle({ type: 'transfer', to: '+15550199', sentence: undefined });
    await stage.run(50);
    a.calls.find('call')?.call.handle({ type: 'second-leg-answered', transfer: 1 });
    a.drain.begin();
    await stage.run(3_000);
    expect(stage.telnyx.asked('a')).toEqual(['answer call', 'stop call', 'transfer call']);
    expect(a.calls.heldCalls).toBe(0);
  });

  it('moves no more than twenty calls at once', async () => {
    for (let n = 0; n < 30; n++) await stage.talking(`call ${n}`, 'a');
    a.drain.begin();
    await stage.run(300);
    expect(stage.telnyx.asked('a').filter((line) => line.startsWith('start'))).toHaveLength(20);
  });
});
