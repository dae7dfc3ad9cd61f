import { type CallPhase } from '../call-events.js';
import { GONE } from '../testing/scripted-commands.js';
import { FleetStage } from './testing/fleet-stage.js';

describe('CallRecovery', () => {
  let stage: FleetStage;
  beforeEach(async () => {
    stage = new FleetStage();
    await stage.start('a', 'b', 'c');
  });
  afterEach(() => stage.close());

  const record = () => stage.store.kept.find('call');
  const listed = async (name: string): Promise<string[]> => stage.store.kept.callsOf(stage.pod(name).pod.identity);

  /** Everything that the survivors have asked Telnyx for. */
  const asked = (): string[] => [...stage.telnyx.asked('b'), ...stage.telnyx.asked('c')];

  it('moves a call of a dead pod once, though two pods notice at once, and it is spoken again within three seconds', async () => {
    const others = ['b', 'c', 'b', 'c'];
    await stage.talking('call', 'a');
    stage.lands = () => others.shift();
    stage.kill('a');
    await stage.until('it is served', () => stage.serving('call').length > 0, 3_000);
    await stage.run(20_000);
    expect(asked()).toEqual(['stop call', 'start call']);
    expect(stage.serving('call')).toHaveLength(1);
    expect(stage.streams.filter(({ open }) => open)).toHaveLength(1);
    await expect(record()).resolves.toMatchObject({ epoch: 3, moving: false });
  });

  it('looks after every call of a pod, and forgets the pod when all of them are settled', async () => {
    for (let n = 0; n < 50; n++) await stage.talking(`call ${n}`, 'a');
    stage.lands = () => 'b';
    stage.kill('a');
    await stage.run(4_000);
    for (let n = 0; n < 50; n++) expect(stage.serving(`call ${n}`)).toEqual(['b']);
    await expect(listed('a')).resolves.toEqual([]);
    expect(stage.pod('b').fleet.others.map(({ pod }) => pod.uid)).toEqual(['c']);
  });

  it('is not held up for the others by calls that get no stream', async () => {
    for (let n = 0; n < 60; n++) await stage.talking(`call ${n}`, 'a');
    stage.lands = (call) => (Number(call.slice(5)) < 10 ? undefined : 'b');
    stage.kill('a');
    await stage.run(4_000);
    for (let n = 10; n < 60; n++) expect(stage.serving(`call ${n}`)).toEqual(['b']);
    expect(stage.pod('b').fleet.others.map(({ pod }) => pod.uid)).toContain('a');
  });

  it('leaves a silent pod alone while its lease runs, and takes its calls then', async () => {
    await stage.talking('call', 'a');
    stage.lands = () => 'b';
    stage.kill('a', 'silent');
    await stage.run(3_000);
    expect(asked()).toEqual([]);
    await stage.until('it is served', () => stage.serving('call').length > 0, 5_000);
    expect(asked()).toEqual(['stop call', 'start call']);
  });

  it('does not forget a pod that is only silent', async () => {
    await stage.talking('call', 'a');
    stage.lands = () => 'b';
    stage.kill('a', 'silent');
    await stage.run(20_000);
    expect(stage.pod('b').fleet.others.map(({ pod }) => pod.uid)).toContain('a');
  });

  it('answers a call at once that rang at a pod which is no more; the second answer does nothing', async () => {
    stage.telnyx.outcomes['answer'] = [];
    stage.telnyx.rings('call');
    // Killed between the record and the answer.
    const a = stage.pod('a');
    stage.scenery.latencyMs = () => 20;
    void stage.webhook('a', 'call.initiated', 'call', { direction: 'incoming' });
    await stage.run(90);
    expect((await record())?.epoch).toBe(0);
    stage.kill('a');
    stage.scenery.latencyMs = () => 0;
    expect(stage.telnyx.asked('a')).toEqual([]);
    stage.lands = () => 'c';
    await stage.until('it is served', () => stage.serving('call').length > 0, 3_000);
    expect(stage.telnyx.sent.filter(({ result }) => result === 'done')).toHaveLength(1);
    expect(stage.pod('c').conversations.begun[0]?.talking.saved).toBeUndefined();
    expect(a.killed).toBe(true);
  });

  it('gives a young answered call the time to get its first stream, and moves it after that', async () => {
    await stage.answered('call', 'a');
    stage.kill('a');
    await stage.run(5_000);
    expect(asked()).toEqual([]);
    stage.lands = () => 'b';
    await stage.until('it is served', () => stage.serving('call').length > 0, 7_000);
    expect(stage.pod('b').conversations.begun).toHaveLength(1);
  });

  it('takes the first stream of a young call where it lands', async () => {
    await stage.answered('call', 'a');
    stage.kill('a');
    await stage.run(2_000);
    await stage.land('call', 'c');
    expect(stage.serving('call')).toEqual(['c']);
    await stage.run(12_000);
    expect(asked()).toEqual([]);
    expect(stage.serving('call')).toEqual(['c']);
  });

  /** A call that a pod has brought to some phase, and died. */
  async function leftIn(phase: CallPhase): Promise<void> {
    await stage.talking('call', 'a');
    const carried = stage.pod('a').calls.find('call');
    const call = carried?.call;
    switch (phase) {
      case 'interrupted':
        call?.handle({ type: 'stream-lost' });
        break;
      case 'saying':
        call?.handle({ type: 'end', reason: 'max-duration', sentence: 'Goodbye.' });
        break;
      case 'ending':
        call?.handle({ type: 'end', reason: 'assistant-hung-up', sentence: undefined });
        break;
      case 'transferring':
        call?.handle({ type: 'transfer', to: '+15550199', sentence: undefined });
        break;
      case 'transferred':
        call?.handle({ type: 'transfer', to: '+15550199', sentence: undefined });
        await stage.run(50);
        call?.handle({ type: 'second-leg-answered', transfer: 1 });
        break;
      default:
    }
    expect(call?.state.phase).toBe(phase);
    await stage.run(50);
    stage.kill('a');
    stage.telnyx.sent.length = 0;
  }

  const phaseNow = (): (string | undefined)[] =>
    stage.living.map((pod) => pod.calls.find('call')?.call.state.phase).filter((phase) => phase !== undefined);

  it('moves a call whose stream was lost', async () => {
    await leftIn('interrupted');
    stage.lands = () => 'b';
    await stage.run(3_000);
    expect(stage.serving('call')).toEqual(['b']);
  });

  it('takes up a call to which a last sentence is spoken, without a stream, and hangs it up after it', async () => {
    await leftIn('saying');
    await stage.run(3_000);
    expect(phaseNow()).toEqual(['saying']);
    expect(asked()).toEqual([]);
    await stage.outcome(stage.webhook('b', 'call.speak.ended', 'call'));
    await stage.run(1_000);
    expect(asked()).toEqual(['hangup call']);
  });

  it('hangs up what a dead pod was hanging up', async () => {
    // Its own order does not get through.
    stage.telnyx.outcomes['hangup'] = [{ ok: false, gone: false, code: 'none', status: undefined }];
    await leftIn('ending');
    stage.hears = () => 'c';
    await stage.run(4_000);
    expect(stage.telnyx.calls.get('call')?.over).toBe(true);
    expect(phaseNow()).toEqual([]);
    await expect(record()).resolves.toBeUndefined();
  });

  it('takes up a transfer that goes on, and brings the caller back when it comes to nothing', async () => {
    await leftIn('transferring');
    await stage.run(3_000);
    expect(phaseNow()).toEqual(['transferring']);
    stage.lands = () => 'c';
    const client_state = stage.secondLegState('call', 'a');
    await stage.outcome(stage.webhook('b', 'call.hangup', 'leg 2', { hangup_cause: 'user_busy', client_state }));
    await stage.run(1_000);
    expect(stage.serving('call')).toHaveLength(1);
    const back = stage.living.flatMap((pod) => pod.conversations.begun);
    expect(back.map(({ talking }) => talking.returning)).toEqual(['busy']);
  });

  it('lets people talk to each other whose call was handed over, and hears of its end', async () => {
    await leftIn('transferred');
    await stage.run(3_000);
    expect(phaseNow()).toEqual(['transferred']);
    expect(asked()).toEqual([]);
    stage.telnyx.end('call');
    await stage.outcome(stage.webhook('c', 'call.hangup', 'call'));
    expect(phaseNow()).toEqual([]);
    await expect(record()).resolves.toBeUndefined();
  });

  it('ends a move itself whose mover died over it', async () => {
    await stage.talking('call', 'a');
    await stage.store.kept.move('call', 1);
    stage.kill('a');
    await stage.run(4_000);
    expect(asked()).toEqual([]);
    stage.lands = () => 'b';
    await stage.until('it is served', () => stage.serving('call').length > 0, 8_000);
    expect(asked()).toEqual(['stop call', 'start call']);
  });

  it('still sees to a call when the pod dies too that was moving it', async () => {
    await stage.talking('call', 'a');
    stage.kill('a');
    await stage.until('it is being moved', () => asked().length > 1, 3_000);
    const mover = stage.telnyx.asked('b').length > 0 ? 'b' : 'c';
    const left = mover === 'b' ? 'c' : 'b';
    await stage.run(500);
    stage.kill(mover);
    stage.lands = () => left;
    await stage.until('it is served', () => stage.serving('call').length > 0, 20_000);
    expect(stage.serving('call')).toEqual([left]);
  });

  it('tells the caller by the carrier where no stream comes at all', async () => {
    await stage.talking('call', 'a');
    stage.kill('a');
    await stage.run(22_000);
    expect(asked().filter((line) => line.startsWith('start'))).toHaveLength(3);
    expect(asked()).toContain('speak call');
    expect(phaseNow()).toEqual(['saying']);
  });

  it('reports a call once that ended while nobody had it, and forgets it', async () => {
    stage.close();
    stage = new FleetStage({
      REPORT_URL: 'https://crm.example.com/calls',
      REPORT_SECRET: 'a secret that signs the reports of calls',
    });
    await stage.start('a', 'b', 'c');
    await stage.talking('call', 'a');
    stage.kill('a');
    stage.telnyx.end('call');
    await stage.run(4_000);
    expect(stage.scenery.reports.map(({ report }) => [report.callId, report.from])).toEqual([['call', '+15550100']]);
    await expect(record()).resolves.toBeUndefined();
    await expect(listed('a')).resolves.toEqual([]);
  });

  it('is done with a call that somebody else has, or nobody knows', async () => {
    await stage.talking('call', 'b');
    const { recovery } = stage.pod('c');
    const { identity } = stage.pod('a').pod;
    await expect(recovery.settle('call', identity, 'dead')).resolves.toBe(true);
    await expect(recovery.settle('unheard of', identity, 'dead')).resolves.toBe(true);
    expect(asked()).toEqual(['answer call']);
  });

  it('tries again what the directory was not there for', async () => {
    await stage.talking('call', 'a');
    stage.store.leave();
    stage.kill('a');
    stage.lands = () => 'b';
    await stage.run(3_000);
    expect(asked()).toEqual([]);
    stage.store.comeBack();
    await stage.until('it is served', () => stage.serving('call').length > 0, 3_000);
  });

  it('is over where Telnyx says so', async () => {
    await stage.talking('call', 'a');
    stage.telnyx.always['stop'] = GONE;
    stage.kill('a');
    await stage.run(3_000);
    await expect(record()).resolves.toBeUndefined();
    expect(asked()).toEqual(['stop call']);
  });
});
