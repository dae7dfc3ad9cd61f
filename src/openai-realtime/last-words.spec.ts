import { RealtimeDouble, synthesiseVoice } from '../../simulator/realtime/index.js';
import { encodeG711 } from '../../simulator/audio/g711.js';
import { type ModelSession } from '../conversation/model.port.js';
import { Notes } from './testing/notes.js';
import { openSession } from './testing/open-session.js';

/** A caller's voice as the line gives it, without an end. */
function voice(durationMs: number): Buffer {
  return Buffer.from(encodeG711('PCMU', synthesiseVoice(200, durationMs)).toString('base64'));
}

describe('the last words of a call', () => {
  let double: RealtimeDouble;
  let session: ModelSession;
  let notes: Notes;

  beforeEach(async () => {
    double = await RealtimeDouble.start({
      script: { hears: ['Thank you, goodbye.'], replies: [{ text: 'Hello.', durationMs: 60_000 }] },
    });
  });
  afterEach(async () => {
    session.close();
    await double.close();
  });

  async function start(env: Record<string, string> = {}): Promise<void> {
    session = await openSession(double.url, { env });
    notes = new Notes();
    session.listen(notes);
  }

  it.each<[string, Record<string, string>]>([
    ['that answers by itself', {}],
    ['that is asked for answers', { GREETING_PROTECTED: 'on' }],
    ['that judges by meaning', { VAD: 'semantic_vad' }],
  ])('are written down although nobody heard their end, by a model %s', async (_case, env) => {
    await start(env);
    session.appendAudio(voice(900));
    await notes.heard(/^speech started/);
    session.finishListening(true);
    await expect(notes.heard(/^caller/)).resolves.toMatch(/Thank you, goodbye\.$/);
    const order = notes.lines.map((line) => line.split(' item')[0]);
    expect(order.slice(0, 3)).toEqual(['speech started', 'speech stopped', 'committed']);
  });

  it('are written down although the model had not looked at them yet', async () => {
    await start();
    session.appendAudio(voice(900));
    session.finishListening(false);
    await expect(notes.heard(/^caller/)).resolves.toMatch(/Thank you, goodbye\.$/);
  });

  it('are not answered: what the model begins to say is cancelled, and only its cost is told', async () => {
    await start();
    session.appendAudio(voice(900));
    await notes.heard(/^speech started/);
    session.finishListening(true);
    await expect(notes.heard(/^done/)).resolves.toMatch(/^done cancelled/);
    expect(notes.outcomes[0]?.costUsd).toBeDefined();
    expect(notes.lines.filter((line) => /^(created|audio|words|tool)/.test(line))).toEqual([]);
  });

  it('end an answer that is being given', async () => {
    await start();
    session.createResponse();
    await notes.heard(/^audio/);
    session.finishListening(false);
    const heard = notes.lines.length;
    await expect(notes.heard(/^done/)).resolves.toMatch(/^done cancelled/);
    expect(notes.lines.slice(heard)).toEqual([notes.lines.at(-1)]);
  });

  it('end an answer that was asked for and had not begun', async () => {
    await start();
    session.createResponse();
    session.finishListening(false);
    session.finishListening(false);
    await expect(notes.heard(/^done/)).resolves.toMatch(/^done cancelled/);
    expect(notes.lines).toHaveLength(1);
  });

  it('may fail to be written down, and are lost with the session', async () => {
    double.switches.transcriptionTiming = 'failed';
    await start();
    session.appendAudio(voice(900));
    await notes.heard(/^speech started/);
    session.finishListening(true);
    await notes.heard(/^not written down/);
    double.faults.dropNow();
    await expect(notes.heard(/^lost/)).resolves.toBe('lost retryable close-1006');
  });

  it('leave turn detection alone: a change would lose the words that are being spoken', async () => {
    await start();
    session.appendAudio(voice(900));
    await notes.heard(/^speech started/);
    session.finishListening(true);
    await notes.heard(/^caller/);
    const updates = double.sessions[0]?.clientEvents.filter(({ type }) => type === 'session.update');
    expect(updates).toHaveLength(1);
  });

  it('are nothing to wait for in a session that nobody listens to', async () => {
    await start();
    const other = await openSession(double.url);
    other.finishListening(true);
    other.close();
    expect(other.alive).toBe(false);
  });
});
