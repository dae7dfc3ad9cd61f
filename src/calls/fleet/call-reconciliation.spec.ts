import { type CallDirectory } from '../../affinity/call-directory.js';
import { type CallFinder, type Whereabouts } from '../../affinity/call-finder.js';
import { InMemoryCallDirectory } from '../../affinity/directory/in-memory-call-directory.js';
import { FakeClock } from '../../common/fake-clock.js';
import { type CallsService } from '../calls.service.js';
import { writeClientState } from '../client-state.js';
import { type ActiveCall } from '../call-commands.js';
import { ScriptedCommands } from '../testing/scripted-commands.js';
import { CallReconciliation } from './call-reconciliation.js';
import { type CallRecovery } from './call-recovery.js';
import { type CallTaking } from './call-taking.js';

const POD = { uid: 'uid-1', bootId: 'boot-1', name: 'pod-1', address: '10.0.0.1:8081' };
const OURS: ActiveCall = { callControlId: 'v3:a', clientState: writeClientState({ pod: POD }), durationS: 300 };

class ListedCalls extends ScriptedCommands {
  active: ActiveCall[] = [];
  override activeCalls(): Promise<[]> {
    return Promise.resolve(this.active as []);
  }
}

function setUp() {
  const clock = new FakeClock();
  const commands = new ListedCalls();
  const directory: CallDirectory = Object.assign(new InMemoryCallDirectory({ leaseMs: 5_000, clock }), {
    shared: true,
  });
  const taken: string[] = [];
  const errors: string[] = [];
  const where: { is: Whereabouts } = { is: { at: 'unknown', sure: true } };
  const reconciliation = new CallReconciliation(
    clock,
    { error: (_fields: object, message: string) => errors.push(message) } as never,
    commands,
    directory,
    { find: () => Promise.resolve(where.is) } as unknown as CallFinder,
    { find: () => undefined } as unknown as CallsService,
    {
      claim: ({ callControlId }: { callControlId: string }) => {
        taken.push(callControlId);
        return Promise.resolve(POD);
      },
    } as unknown as CallTaking,
    {} as unknown as CallRecovery,
  );
  reconciliation.sawConnection('connection-1');
  reconciliation.start();
  const minute = async (): Promise<void> => {
    clock.advance(60_001);
    for (let turns = 0; turns < 20; turns++) await Promise.resolve();
  };
  return { commands, taken, errors, where, minute };
}

describe('call reconciliation', () => {
  it('call that nobody has: it is taken up when it was seen twice', async () => {
    const { commands, taken, errors, minute } = setUp();
    commands.active = [OURS];
    await minute();
    expect(taken).toEqual([]);
    await minute();
    expect(taken).toEqual(['v3:a']);
    expect(errors).toEqual(['Telnyx has a call of ours that no pod has: taking it up']);
  });

  it('leaves alone what is served, what is young, and what is not ours', async () => {
    const { commands, taken, where, minute } = setUp();
    where.is = { at: 'pod', pod: POD, part: 'streaming' };
    commands.active = [OURS];
    for (let times = 0; times < 3; times++) await minute();
    where.is = { at: 'unknown', sure: true };
    commands.active = [
      { ...OURS, callControlId: 'v3:young', durationS: 10 },
      { ...OURS, callControlId: 'v3:foreign', clientState: undefined },
      {
        ...OURS,
        callControlId: 'v3:second-leg',
        clientState: writeClientState({ pod: POD, call: 'v3:a', transfer: 1 }),
      },
    ];
    for (let times = 0; times < 3; times++) await minute();
    expect(taken).toEqual([]);
  });
});
