import { BROKEN, GONE } from '../testing/scripted-commands.js';
import { type MoveResult } from './call-mover.js';
import { FleetStage } from './testing/fleet-stage.js';

const BASE_URL = 'wss://gw.example.com';

/** The one that moves is a pod beside: `m`. */
describe('CallMover', () => {
  let stage: FleetStage;
  beforeEach(async () => {
    stage = new FleetStage();
    await stage.start('m', 'b');
    await stage.talking('call', 'b');
    stage.telnyx.sent.length = 0;
  });
  afterEach(() => stage.close());

  const move = async (sawEpoch = 1): Promise<MoveResult> =>
    (await stage.outcome(stage.pod('m').mover.move('call', sawEpoch, BASE_URL))).result;
  const record = () => stage.store.kept.find('call');

  it('stops the stream, asks for another, and is done when a pod has claimed the call', async () => {
    stage.lands = () => 'b';
    await expect(move()).resolves.toBe('claimed');
    expect(stage.telnyx.asked('m')).toEqual(['stop call', 'start call']);
    await expect(record()).resolves.toMatchObject({ epoch: 3, attempt: 1, moving: false, owner: { uid: 'b' } });
  });

  it('says so where the stream came back to the pod that moves', async () => {
    stage.lands = () => 'm';
    await expect(move()).resolves.toBe('stayed');
  });

  it('goes on where Telnyx says that there is no stream to stop', async () => {
    stage.lands = () => 'm';
    stage.telnyx.outcomes['stop'] = [BROKEN];
    await expect(move()).resolves.toBe('stayed');
  });

  it('leaves the call to whoever was first to move it, without a command', async () => {
    await stage.store.kept.move('call', 1);
    await expect(move()).resolves.toBe('overtaken');
    expect(stage.telnyx.asked('m')).toEqual([]);
  });

  it('says who has the call where it was claimed anew before the move', async () => {
    await stage.store.kept.move('call', 1);
    const { pod } = stage.pod('b');
    const { answeredAtMs, streamBaseUrl, answeredBy, ...rest } = (await record()) ?? ({} as never);
    const otherwise = { ...rest, answeredAtMs, streamBaseUrl, answeredBy };
    await stage.store.kept.claim({ callControlId: 'call', pod, aboveEpoch: 0, otherwise });
    await expect(move()).resolves.toBe('claimed');
    expect(stage.telnyx.asked('m')).toEqual([]);
  });

  it.each(['stop', 'start'])('sees the end of the call in the refusal of its command: %s', async (command) => {
    stage.telnyx.outcomes[command] = [GONE];
    await expect(move()).resolves.toBe('over');
  });

  it('asks three times in all, five seconds apart, with a new epoch and a new attempt each', async () => {
    const begunMs = stage.clock.nowMs();
    await expect(move()).resolves.toBe('unclaimed');
    expect(stage.telnyx.asked('m')).toEqual([
      'stop call',
      'start call',
      'stop call',
      'start call',
      'stop call',
      'start call',
    ]);
    expect(stage.telnyx.sent.map(({ result }) => result)).not.toContain('swallowed');
    await expect(record()).resolves.toMatchObject({ epoch: 4, attempt: 3, moving: true });
    expect(stage.clock.nowMs() - begunMs).toBeGreaterThanOrEqual(15_000);
    expect(stage.clock.nowMs() - begunMs).toBeLessThan(17_000);
  });

  it('is overtaken in the middle by a pod that moves the call too', async () => {
    const result = move();
    await stage.run(1_000);
    await stage.store.kept.move('call', 2);
    await expect(result).resolves.toBe('overtaken');
  });

  it('asks for nothing while the directory is away', async () => {
    stage.store.leave();
    await expect(move()).resolves.toBe('unavailable');
    expect(stage.telnyx.asked('m')).toEqual([]);
  });

  it('bears a directory that is away for a while', async () => {
    const result = move();
    await stage.run(1_000);
    stage.store.leave();
    await stage.run(1_000);
    stage.store.comeBack();
    stage.lands = () => 'b';
    await expect(result).resolves.toBe('claimed');
  });

  it('is over where the call was removed meanwhile, and Telnyx says that it is', async () => {
    const result = move();
    await stage.run(1_000);
    stage.telnyx.end('call');
    await stage.store.kept.remove('call', 2);
    await expect(result).resolves.toBe('over');
  });

  it('does not take a directory that has forgotten everything for the end of the call', async () => {
    stage.store.empty();
    await expect(move()).resolves.toBe('unavailable');
    expect(stage.telnyx.asked('m')).toEqual([]);
  });

  it('does not take a directory that has gone back to an older state for one that decides', async () => {
    await expect(move(7)).resolves.toBe('unavailable');
    expect(stage.telnyx.asked('m')).toEqual([]);
  });
});
