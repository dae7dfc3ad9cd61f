import { BROKEN } from '../testing/scripted-commands.js';
import { FleetStage } from './testing/fleet-stage.js';

const SOME_TIME_MS = 1_500;

describe('StreamPlacement', () => {
  let stage: FleetStage;
  beforeEach(() => (stage = new FleetStage()));
  afterEach(() => stage.close());

  const ownerOf = async (call: string): Promise<string | undefined> => (await stage.store.kept.find(call))?.owner?.name;
  const epochOf = async (call: string): Promise<number | undefined> => (await stage.store.kept.find(call))?.epoch;

  it('serves the first socket where it lands, though another pod answered the call, which lets go of it', async () => {
    const [a, b] = await stage.start('a', 'b');
    await stage.answered('call', 'a', { call_session_id: 'its session' });
    expect(a?.calls.partIn('call')).toBe('waiting');
    await stage.land('call', 'b');
    expect(stage.serving('call')).toEqual(['b']);
    expect(a?.calls.find('call')).toBeUndefined();
    expect(a?.calls.takenBy('call')?.uid).toBe('b');
    await expect(ownerOf('call')).resolves.toBe('b');
    // It knows who calls, and begins as with any first stream.
    expect(b?.calls.find('call')?.facts).toMatchObject({ from: '+15550100', callSessionId: 'its session' });
    expect(b?.conversations.begun[0]?.talking.saved).toBeUndefined();
  });

  it('relays a later socket to the pod that has the call', async () => {
    const [, b] = await stage.start('a', 'b');
    await stage.answered('call', 'a');
    const url = stage.wanted[0]?.url ?? '';
    const first = await stage.land('call', 'a');
    const second = await stage.dial('call', url, 'b');
    expect(second.servedBy?.name).toBe('a');
    expect(second.relayedBy?.name).toBe('b');
    expect(first.open).toBe(false);
    expect(b?.calls.find('call')).toBeUndefined();
    await expect(epochOf('call')).resolves.toBe(1);
  });

  it('serves a further socket of its own call without asking anybody', async () => {
    await stage.start('a', 'b');
    await stage.answered('call', 'a');
    const url = stage.wanted[0]?.url ?? '';
    await stage.land('call', 'a');
    stage.store.leave();
    const again = await stage.dial('call', url, 'a');
    expect(again.servedBy?.name).toBe('a');
    expect(stage.serving('call')).toEqual(['a']);
  });

  it('places two sockets that come at once on one pod', async () => {
    await stage.start('a', 'b', 'c');
    await stage.answered('call', 'a');
    const url = stage.wanted[0]?.url ?? '';
    await Promise.all([stage.dial('call', url, 'b'), stage.dial('call', url, 'c'), stage.dial('call', url, 'c')]);
    await stage.run(SOME_TIME_MS);
    expect(stage.serving('call')).toHaveLength(1);
    expect(stage.streams.filter(({ open }) => open)).toHaveLength(1);
    await expect(epochOf('call')).resolves.toBe(1);
    expect(stage.living.filter((pod) => pod.calls.find('call'))).toHaveLength(1);
  });

  it('takes a call over from a pod that is proven dead, with a greater epoch, and goes on with its words', async () => {
    const [a, b] = await stage.start('a', 'b');
    await stage.answered('call', 'a');
    const url = stage.wanted[0]?.url ?? '';
    await stage.land('call', 'a');
    a?.conversations.begun[0]?.talking.keeper?.save(new Map([['entry/0', 'what was said']]));
    await stage.run(300);
    stage.kill('a');
    stage.lands = () => 'b';
    await stage.dial('call', url, 'b');
    expect(stage.serving('call')).toEqual(['b']);
    await stage.run(SOME_TIME_MS);
    // Whoever looks after the calls of the dead pod may have moved it in the same moment.
    expect(await epochOf('call')).toBeGreaterThan(1);
    expect(stage.serving('call')).toEqual(['b']);
    expect(b?.conversations.begun.map(({ talking }) => talking.saved)).toEqual([
      new Map([['entry/0', 'what was said']]),
    ]);
  });

  it('waits for the end of the lease of a pod that does not answer, and takes the call then', async () => {
    await stage.start('a', 'b');
    await stage.answered('call', 'a');
    const url = stage.wanted[0]?.url ?? '';
    await stage.land('call', 'a');
    stage.kill('a', 'silent');
    stage.lands = () => 'b';
    const socket = await stage.dial('call', url, 'b');
    await stage.run(2_000);
    expect(stage.serving('call')).toEqual([]);
    await stage.until('the call is served', () => stage.serving('call').length > 0, 8_000);
    expect(stage.serving('call')).toEqual(['b']);
    expect(stage.streams.filter(({ open }) => open)).toHaveLength(1);
    expect(socket.callControlId).toBe('call');
  });

  it('takes no call from a pod that the directory has not heard of lately, and that answers', async () => {
    const [a, b] = await stage.start('a', 'b');
    await stage.answered('call', 'a');
    const url = stage.wanted[0]?.url ?? '';
    await stage.land('call', 'a');
    // Its heartbeats do not get through, its answers do.
    a?.fleet.onModuleDestroy();
    await stage.run(3_000);
    const socket = await stage.dial('call', url, 'b');
    await stage.run(100);
    expect(socket.servedBy?.name).toBe('a');
    expect(b?.calls.find('call')).toBeUndefined();
    expect(stage.telnyx.asked()).toEqual(['answer call']);
  });

  it('sends a new call on from a pod that leaves, and from one that is full', async () => {
    const [a] = await stage.start('a', 'b');
    await stage.answered('call', 'a');
    a?.drain.begin();
    await stage.land('call', 'a');
    expect(stage.serving('call')).toEqual(['b']);
    stage.close();

    stage = new FleetStage({ MAX_CALLS: '1' });
    await stage.start('c', 'd');
    await stage.talking('one', 'c');
    await stage.run(SOME_TIME_MS);
    await stage.answered('two', 'c');
    // Answered for the fleet: it counts on the other one.
    const second = await stage.land('two', 'c');
    expect(second.relayedBy?.name).toBe('c');
    expect(stage.serving('two')).toEqual(['d']);
  });

  it('keeps a call that it answered itself within its limit', async () => {
    stage.close();
    stage = new FleetStage({ MAX_CALLS: '1' });
    await stage.start('a', 'b');
    await stage.talking('call', 'a');
    expect(stage.serving('call')).toEqual(['a']);
  });

  it('serves the call itself where it leaves and no other pod has room', async () => {
    const [a, b] = await stage.start('a', 'b');
    await stage.answered('call', 'a');
    a?.drain.begin();
    b?.drain.begin();
    await stage.run(SOME_TIME_MS);
    await stage.land('call', 'a');
    expect(stage.serving('call')).toEqual(['a']);
  });

  it('brings a socket by way of a leaving pod to the one that takes over from a dead one, lease or no lease', async () => {
    const [, b] = await stage.start('a', 'b', 'c');
    await stage.answered('call', 'a');
    const url = stage.wanted[0]?.url ?? '';
    await stage.land('call', 'a');
    b?.drain.begin();
    await stage.run(SOME_TIME_MS);
    stage.kill('a');
    stage.lands = () => 'b';
    await stage.dial('call', url, 'b');
    await stage.run(1_000);
    expect(stage.serving('call')).toEqual(['c']);
    expect(stage.streams.map(({ relayedBy, open }) => [relayedBy?.name, open])).toEqual([['b', true]]);
  });

  it('does not serve a relayed socket of a call that it has lost to a pod that lives', async () => {
    const [a, b, c] = await stage.start('a', 'b', 'c');
    await stage.answered('call', 'a');
    const url = stage.wanted[0]?.url ?? '';
    await stage.land('call', 'a');
    const claims = { callControlId: 'call', issuedAtS: 0, attempt: 0, epoch: 0, baseUrl: '', pod: a!.pod.identity };
    await expect(b?.placement.place('call', claims, true)).resolves.toMatchObject({ at: 'nowhere' });
    expect(b?.calls.find('call')).toBeUndefined();
    expect(c?.calls.find('call')).toBeUndefined();
    expect(stage.serving('call')).toEqual(['a']);
    expect(url).not.toBe('');
  });

  it('claims a call anew whose socket brings news of a later epoch than its own', async () => {
    const [a] = await stage.start('a', 'b');
    await stage.talking('call', 'a');
    // Another pod thought this one dead, and moves the call: the stream comes back to where it was.
    const move = await stage.store.kept.move('call', 1);
    expect(move).toMatchObject({ moved: true, epoch: 2 });
    const { url } = a!.factory.streamRequest('call', 'wss://gw.example.com', 1, 2);
    await stage.dial('call', url, 'a');
    await expect(epochOf('call')).resolves.toBe(3);
    await expect(ownerOf('call')).resolves.toBe('a');
    await stage.run(10_000);
    expect(stage.serving('call')).toEqual(['a']);
    expect(a?.ownership.epochOf('call')).toBe(3);
  });

  it('serves no socket of a call that is over', async () => {
    const [a] = await stage.start('a', 'b');
    await stage.answered('call', 'a');
    await stage.webhook('a', 'call.hangup', 'call');
    await expect(a?.placement.place('call', undefined, false)).resolves.toEqual({
      at: 'nowhere',
      why: 'the call is over',
      over: true,
    });
  });

  describe('with a token that is old', () => {
    it('asks Telnyx about a call of which nobody has heard, and takes it only if it goes on', async () => {
      const [a] = await stage.start('a', 'b');
      stage.telnyx.rings('gone');
      stage.telnyx.rings('there');
      stage.telnyx.end('gone');
      const urls = ['gone', 'there'].map((call) => a!.factory.streamRequest(call, 'wss://gw.example.com', 1, 1).url);
      await stage.run(130_000);
      const gone = await stage.dial('gone', urls[0] ?? '', 'a');
      const there = await stage.dial('there', urls[1] ?? '', 'a');
      await stage.run(100);
      expect(gone.open).toBe(false);
      expect(there.servedBy?.name).toBe('a');
      // Something was said in it, and nobody can tell what.
      expect(a?.conversations.begun[0]?.talking.saved).toEqual(new Map());
    });

    it('is good for a later socket of a call that is going on', async () => {
      await stage.start('a', 'b');
      await stage.answered('call', 'a');
      const url = stage.wanted[0]?.url ?? '';
      await stage.land('call', 'a');
      await stage.run(130_000);
      const again = await stage.dial('call', url, 'b');
      expect(again.servedBy?.name).toBe('a');
    });
  });

  describe('with the directory away', () => {
    it('asks the pod that the token names, and relays to it', async () => {
      const [, b] = await stage.start('a', 'b');
      await stage.answered('call', 'a');
      const url = stage.wanted[0]?.url ?? '';
      await stage.land('call', 'a');
      stage.store.leave();
      const again = await stage.dial('call', url, 'b');
      expect(again.servedBy?.name).toBe('a');
      expect(b?.calls.find('call')).toBeUndefined();
    });

    it('asks those that were last heard of where the token names one that knows nothing', async () => {
      const [, , c] = await stage.start('a', 'b', 'c');
      await stage.answered('call', 'a');
      const url = stage.wanted[0]?.url ?? '';
      await stage.land('call', 'b');
      stage.kill('a');
      stage.store.leave();
      const again = await stage.dial('call', url, 'c');
      await stage.run(400);
      expect(again.servedBy?.name).toBe('b');
      expect(c?.calls.find('call')).toBeUndefined();
    });

    it('takes a call that nobody has, with an epoch above that of the token, and gets its papers', async () => {
      const [a, b] = await stage.start('a', 'b');
      await stage.answered('call', 'a');
      stage.store.leave();
      await stage.land('call', 'b');
      expect(stage.serving('call')).toEqual(['b']);
      expect(a?.calls.find('call')).toBeUndefined();
      expect(b?.calls.find('call')?.facts.from).toBe('+15550100');
      expect(b?.ownership.epochOf('call')).toBe(1);
      stage.store.comeBack(true);
      await stage.run(2_000);
      await expect(ownerOf('call')).resolves.toBe('b');
      await expect(epochOf('call')).resolves.toBe(1);
    });

    it('asks within 300 ms, however many pods do not answer', async () => {
      await stage.start('a', 'b', 'c', 'd');
      await stage.answered('call', 'a');
      for (const name of ['a', 'c', 'd']) stage.kill(name, 'silent');
      stage.store.leave();
      await stage.land('call', 'b');
      await stage.run(310);
      expect(stage.serving('call')).toEqual(['b']);
    });

    it('has the pod let go of the call that answered it, though the socket came by way of a third', async () => {
      const [a, b, c] = await stage.start('a', 'b', 'c');
      await stage.answered('call', 'a');
      const url = stage.wanted[0]?.url ?? '';
      stage.store.leave();
      const claims = { callControlId: 'call', issuedAtS: Date.now() / 1000, attempt: 0, epoch: 0, baseUrl: '' };
      await expect(c?.placement.place('call', { ...claims, pod: a!.pod.identity }, true)).resolves.toEqual({
        at: 'here',
      });
      expect(a?.calls.find('call')).toBeUndefined();
      expect(b?.calls.find('call')).toBeUndefined();
      expect(url).not.toBe('');
    });

    it('does not go to a pod that is said to have taken the call and is no more', async () => {
      await stage.start('a', 'b', 'c');
      await stage.answered('call', 'a');
      const url = stage.wanted[0]?.url ?? '';
      await stage.land('call', 'b');
      stage.store.leave();
      stage.kill('b');
      // The one that answered it knows who took it.
      const again = await stage.dial('call', url, 'c');
      await stage.run(400);
      expect(again.servedBy?.name).toBe('c');
    });
  });

  describe('with a directory that is just back, and empty', () => {
    it('asks before it claims: the pod that has the call may not have registered it yet', async () => {
      const [, b] = await stage.start('a', 'b');
      await stage.answered('call', 'a');
      const url = stage.wanted[0]?.url ?? '';
      await stage.land('call', 'a');
      // As if nobody had been told.
      stage.store.empty();
      const again = await stage.dial('call', url, 'b');
      expect(again.servedBy?.name).toBe('a');
      expect(b?.calls.find('call')).toBeUndefined();
      await stage.run(2_000);
      await expect(ownerOf('call')).resolves.toBe('a');
    });

    it('gets the papers of a call that was answered from who answered it', async () => {
      const [a, b] = await stage.start('a', 'b');
      await stage.answered('call', 'a');
      stage.store.empty();
      await stage.land('call', 'b');
      expect(stage.serving('call')).toEqual(['b']);
      expect(b?.calls.find('call')?.facts.from).toBe('+15550100');
      expect(a?.calls.find('call')).toBeUndefined();
    });
  });

  it('adopts no call that ends while it is being claimed', async () => {
    const [, b] = await stage.start('a', 'b');
    await stage.answered('call', 'a');
    stage.scenery.latencyMs = () => 20;
    const landing = stage.land('call', 'b');
    await stage.run(50);
    stage.telnyx.end('call');
    void stage.webhook('b', 'call.hangup', 'call');
    await landing;
    await stage.run(SOME_TIME_MS);
    expect(stage.living.filter((pod) => pod.calls.find('call')).map(({ name }) => name)).toEqual([]);
    expect(b?.calls.heldCalls).toBe(0);
    await expect(stage.store.kept.find('call')).resolves.toBeUndefined();
  });

  it('goes on though Telnyx takes no command', async () => {
    stage.telnyx.always['start'] = BROKEN;
    await stage.start('a', 'b');
    await stage.talking('call', 'a');
    expect(stage.serving('call')).toEqual(['a']);
    expect(stage.errors).toEqual([]);
  });
});
