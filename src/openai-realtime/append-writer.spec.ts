import fc from 'fast-check';
import { AppendWriter } from './append-writer.js';

interface AppendEvent {
  type: string;
  event_id: string;
  audio: string;
}

function setUp(lateness = { late: true }) {
  const sent: AppendEvent[] = [];
  const writer = new AppendWriter((event) => sent.push(JSON.parse(event.toString('utf8')) as AppendEvent), lateness);
  return { sent, writer };
}

function base64(audio: Uint8Array): Buffer {
  return Buffer.from(Buffer.from(audio).toString('base64'), 'latin1');
}

/** What happens once the frames of one read have been handled. */
function nextTick(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

const frame = fc.uint8Array({ minLength: 1, maxLength: 200 });

describe('AppendWriter', () => {
  it('puts a frame into an event as it came', async () => {
    const { sent, writer } = setUp();
    writer.append(base64(Buffer.from('twenty milliseconds')));
    await nextTick();
    expect(sent).toEqual([
      {
        type: 'input_audio_buffer.append',
        event_id: 'audio_000000001',
        audio: Buffer.from('twenty milliseconds').toString('base64'),
      },
    ]);
  });

  it('sends a frame at once while the event loop is in time', () => {
    const { sent, writer } = setUp({ late: false });
    writer.append(base64(Buffer.from('one')));
    writer.append(base64(Buffer.from('two')));
    expect(sent.map(({ audio }) => Buffer.from(audio, 'base64').toString())).toEqual(['one', 'two']);
  });

  it('keeps the order when the event loop is late no more', async () => {
    const lateness = { late: true };
    const { sent, writer } = setUp(lateness);
    writer.append(base64(Buffer.from('one')));
    lateness.late = false;
    writer.append(base64(Buffer.from('two')));
    await nextTick();
    expect(sent.map(({ audio }) => Buffer.from(audio, 'base64').toString()).join('')).toBe('onetwo');
  });

  it('makes one event of frames that come together, of the same bytes, whatever their sizes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 8 }), async (frames) => {
        const { sent, writer } = setUp();
        for (const piece of frames) writer.append(base64(piece));
        await nextTick();
        expect(sent).toHaveLength(1);
        expect(Buffer.from(sent[0]?.audio ?? '', 'base64')).toEqual(Buffer.concat(frames));
      }),
    );
  });

  it('loses and repeats nothing over many reads, and numbers the events in order', async () => {
    const reads = fc.array(fc.array(frame, { maxLength: 4 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(reads, async (batches) => {
        const { sent, writer } = setUp();
        for (const batch of batches) {
          for (const piece of batch) writer.append(base64(piece));
          await nextTick();
        }
        const audio = Buffer.concat(sent.map((event) => Buffer.from(event.audio, 'base64')));
        expect(audio).toEqual(Buffer.concat(batches.flat()));
        expect(sent.map((event) => event.event_id)).toEqual(
          sent.map((_, index) => `audio_${String(index + 1).padStart(9, '0')}`),
        );
      }),
    );
  });

  it('sends at once what another event must come behind, and nothing twice', async () => {
    const { sent, writer } = setUp();
    writer.flush();
    expect(sent).toEqual([]);
    writer.append(base64(Buffer.from('one')));
    writer.flush();
    expect(sent).toHaveLength(1);
    writer.append(base64(Buffer.from('two')));
    await nextTick();
    await nextTick();
    expect(sent.map((event) => Buffer.from(event.audio, 'base64').toString())).toEqual(['one', 'two']);
  });

  it('does not look at a frame again once it was sent', async () => {
    const { sent, writer } = setUp();
    const view = base64(Buffer.from('abc'));
    writer.append(view);
    await nextTick();
    view.fill(0);
    expect(sent[0]?.audio).toBe('YWJj');
  });
});
