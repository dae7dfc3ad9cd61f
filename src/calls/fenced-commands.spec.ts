import { type CallCommands } from './call-commands.js';
import { FencedCommands } from './fenced-commands.js';
import { ScriptedCommands } from './testing/scripted-commands.js';

const STREAM = { url: 'wss://gw.example.com', clientState: '' };
const FENCED: [string, (commands: CallCommands) => Promise<unknown>][] = [
  ['hangup', (commands) => commands.hangUp('call')],
  ['start', (commands) => commands.startStream('call', STREAM, 1)],
  ['stop', (commands) => commands.stopStream('call', 'cause')],
  ['transfer', (commands) => commands.transfer('call', { to: '+15550199', clientState: '', transfer: 1 })],
  ['keys 1', (commands) => commands.sendKeys('call', '1', 'cause')],
  ['speak', (commands) => commands.speak('call', 'Goodbye.')],
  ['say', (commands) => commands.sayBeside('call', 'One moment.', 'cause')],
];

describe('FencedCommands', () => {
  let sent: ScriptedCommands;
  let ours: boolean;
  let asked: string[];
  let commands: FencedCommands;
  beforeEach(() => {
    [sent, ours, asked] = [new ScriptedCommands(), true, []];
    commands = new FencedCommands(sent, (call) => {
      asked.push(call);
      return Promise.resolve(ours);
    });
  });

  it.each(FENCED)('sends %s while the call is ours, and asks each time', async (name, send) => {
    await send(commands);
    expect(sent.asked).toEqual([`${name} call`]);
    ours = false;
    const outcome = await send(commands);
    expect(outcome).toEqual(name === 'say' ? false : expect.objectContaining({ ok: false, gone: false }));
    expect(sent.asked).toHaveLength(1);
    expect(asked).toEqual(['call', 'call']);
  });

  it('does not take a call that is not ours for one that is over', async () => {
    ours = false;
    await expect(commands.hangUp('call')).resolves.toMatchObject({ ok: false, gone: false, status: 409 });
  });

  it('sends what comes before there is an owner without asking', async () => {
    ours = false;
    await commands.answer('call', STREAM);
    await commands.rejectAsBusy('call');
    await commands.isAlive('call');
    await commands.activeCalls('connection');
    expect(sent.asked).toEqual(['answer call', 'reject call']);
    expect(asked).toEqual([]);
  });
});
