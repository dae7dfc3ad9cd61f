import { writeClientState } from '../client-state.js';
import { FleetStage } from './testing/fleet-stage.js';
import { type StagedPod } from './testing/staged-pod.js';

describe('WebhookDispatch', () => {
  let stage: FleetStage;
  let a: StagedPod;
  let b: StagedPod;
  let c: StagedPod;
  beforeEach(async () => {
    stage = new FleetStage();
    await stage.start('a', 'b', 'c');
    [a, b, c] = [stage.pod('a'), stage.pod('b'), stage.pod('c')];
  });
  afterEach(() => stage.close());

  const record = () => stage.store.kept.find('call');
  const send = (at: string, type: string, call = 'call', payload: Record<string, unknown> = {}): Promise<void> =>
    stage.outcome(stage.webhook(at, type, call, payload));
  const told = (pod: StagedPod): string[] => pod.conversations.begun[0]?.told ?? [];

  describe('brings to the pod that has the call', () => {
    beforeEach(() => stage.talking('call', 'a'));

    it('a hang-up', async () => {
      stage.telnyx.end('call');
      await send('b', 'call.hangup');
      expect(a.calls.find('call')).toBeUndefined();
      expect(b.counters.webhooksForwarded).toBe(1);
      await expect(record()).resolves.toBeUndefined();
    });

    it('a key', async () => {
      await send('b', 'call.dtmf.received', 'call', { digit: '7' });
      expect(told(a)).toEqual([expect.stringContaining('key 7')]);
    });

    it('that its stream failed', async () => {
      a.calls.find('call')?.call.handle({ type: 'stream-lost' });
      await send('c', 'streaming.failed', 'call', { failure_reason: 'connection_failed' });
      expect(stage.telnyx.asked('a')).toContain('start call');
      expect(stage.telnyx.asked('c')).toEqual([]);
    });

    it('news of a second leg, by its client state', async () => {
      a.calls.find('call')?.call.handle({ type: 'transfer', to: '+15550199', sentence: undefined });
      await stage.run(50);
      await send('b', 'call.answered', 'leg 2', { client_state: stage.secondLegState('call', 'a') });
      expect(a.calls.find('call')?.call.state.phase).toBe('transferred');
    });
  });

  it('brings news of a second leg by its session, where its client state was lost', async () => {
    await stage.talking('call', 'a', { call_session_id: 'the session' });
    a.calls.find('call')?.call.handle({ type: 'transfer', to: '+15550199', sentence: undefined });
    await stage.run(50);
    await send('b', 'call.answered', 'leg 2', { call_session_id: 'the session' });
    expect(a.calls.find('call')?.call.state.phase).toBe('transferred');
  });

  it('brings news of a second leg to the pod that has the first now, though this one had it', async () => {
    await stage.talking('call', 'a');
    a.calls.find('call')?.call.handle({ type: 'transfer', to: '+15550199', sentence: undefined });
    await stage.run(50);
    const client_state = stage.secondLegState('call', 'a');
    await send('a', 'call.initiated', 'leg 2', { client_state, direction: 'outgoing' });
    await stage.outcome(b.taking.claim({ callControlId: 'call', dead: a.pod.identity }));
    await stage.run(50);
    expect(a.calls.find('call')).toBeUndefined();
    await send('a', 'call.answered', 'leg 2', { client_state });
    expect(b.calls.find('call')?.call.state.phase).toBe('transferred');
  });

  it('brings a hang-up to a pod that has answered and waits for the stream', async () => {
    await stage.answered('call', 'a');
    stage.telnyx.end('call');
    await send('b', 'call.hangup');
    expect(a.calls.find('call')).toBeUndefined();
    await expect(record()).resolves.toBeUndefined();
  });

  it('works on what is its own without asking', async () => {
    await stage.talking('call', 'a');
    stage.store.leave();
    a.peers.asked.length = 0;
    await send('a', 'call.dtmf.received', 'call', { digit: '7' });
    expect(told(a)).toEqual([expect.stringContaining('key 7')]);
    expect(a.peers.asked).toEqual([]);
  });

  it('finds the pod without the directory, by the client state and by asking', async () => {
    await stage.talking('call', 'a');
    stage.store.leave();
    stage.telnyx.end('call');
    await send('b', 'call.hangup');
    expect(a.calls.find('call')).toBeUndefined();
  });

  describe('of a pod that is dead', () => {
    it('ends the call in its place, and reports it', async () => {
      await stage.talking('call', 'a');
      stage.kill('a');
      stage.telnyx.end('call');
      await send('b', 'call.hangup');
      await expect(record()).resolves.toBeUndefined();
      expect(stage.living.map((pod) => pod.calls.heldCalls)).toEqual([0, 0]);
      expect(stage.telnyx.asked('b')).toEqual([]);
      await stage.run(20_000);
      expect(stage.living.map((pod) => pod.counters.callsEnded)).toEqual([1, 0]);
    });

    it.each(['streaming.failed', 'streaming.stopped'])('notices by it, and moves the call: %s', async (type) => {
      await stage.talking('call', 'a');
      stage.kill('a');
      stage.lands = () => 'c';
      void stage.webhook('b', type, 'call');
      await stage.until('it is served', () => stage.serving('call').length > 0, 2_000);
      await stage.run(10_000);
      expect(stage.serving('call')).toEqual(['c']);
      expect(stage.telnyx.asked().filter((line) => line.startsWith('start'))).toHaveLength(1);
    });

    it('brings the hang-up on to the pod that has taken the call meanwhile', async () => {
      await stage.talking('call', 'a');
      stage.kill('a');
      // Claimed after it was found, and before this pod could claim it.
      const find = b.finder.find.bind(b.finder);
      b.finder.find = async (call, hints) => {
        const where = await find(call, hints);
        await c.taking.claim({ callControlId: 'call', dead: a.pod.identity });
        return where;
      };
      stage.telnyx.end('call');
      await send('b', 'call.hangup');
      expect(c.calls.find('call')).toBeUndefined();
      await expect(record()).resolves.toBeUndefined();
    });

    it('takes the second leg for what it is about, the first', async () => {
      await stage.talking('call', 'a');
      a.calls.find('call')?.call.handle({ type: 'transfer', to: '+15550199', sentence: undefined });
      await stage.run(50);
      const client_state = stage.secondLegState('call', 'a');
      stage.kill('a');
      await send('b', 'call.answered', 'leg 2', { client_state });
      expect(b.calls.find('call')?.call.state.phase).toBe('transferred');
    });
  });

  it('does nothing for the call of a pod that is only silent', async () => {
    await stage.talking('call', 'a');
    stage.kill('a', 'silent');
    await stage.run(1_200);
    await send('b', 'streaming.failed');
    expect(b.calls.find('call')).toBeUndefined();
    expect(stage.telnyx.asked('b')).toEqual([]);
  });

  it('asks a pod twice that does not answer', async () => {
    await stage.talking('call', 'a');
    a.peers.reach = 'silent';
    b.peers.asked.length = 0;
    await send('b', 'call.dtmf.received', 'call', { digit: '7' });
    expect(b.peers.asked).toEqual(['webhook a', 'webhook a']);
  });

  it('looks again where the pod that seemed to have the call has just let go of it', async () => {
    await stage.talking('call', 'a');
    const find = b.finder.find.bind(b.finder);
    let times = 0;
    b.finder.find = (call, hints) =>
      ++times === 1 ? Promise.resolve({ at: 'pod', pod: c.pod, part: 'streaming' }) : find(call, hints);
    stage.telnyx.end('call');
    await send('b', 'call.hangup');
    expect(a.calls.find('call')).toBeUndefined();
    await expect(record()).resolves.toBeUndefined();
  });

  it('forgets a call that its pod knows nothing of, when it is over', async () => {
    await stage.talking('call', 'a');
    a.calls.dismiss('call');
    stage.telnyx.end('call');
    await send('b', 'call.hangup');
    await expect(record()).resolves.toBeUndefined();
    expect(b.calls.isOver('call')).toBe(true);
  });

  it('leaves the end of a call that is being moved to whoever moves it', async () => {
    await stage.talking('call', 'a');
    await stage.store.kept.move('call', 1);
    await send('b', 'call.hangup');
    await expect(record()).resolves.toMatchObject({ moving: true });
  });

  it('forgets no call because a second leg of it is over', async () => {
    await stage.answered('call', 'b');
    b.calls.dismiss('call');
    const client_state = writeClientState({ pod: b.pod, call: 'call', transfer: 1 });
    await send('b', 'call.hangup', 'leg 2', { client_state });
    await expect(record()).resolves.toMatchObject({ epoch: 0 });
  });

  it('remembers the end of a call that nobody knows, so that it is not answered later', async () => {
    stage.telnyx.rings('call');
    await send('b', 'call.hangup');
    expect(b.calls.isOver('call')).toBe(true);
  });
});
