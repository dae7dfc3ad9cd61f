import fc from 'fast-check';
import { RandomConversation, type Step } from '../../test/support/random-conversation.js';
import { settings, step } from '../../test/support/random-steps.js';
import { settle } from '../../test/support/scripted-conversation.js';
import { wrongTimes } from '../../test/support/timeline-checks.js';
import { type TranscriptEntry } from './record/conversation-report.js';
import { readState } from './record/conversation-state.js';
import { type ConversationParts } from './conversation-parts.js';

const times = { numRuns: 200 };
const MANY = { maxLength: 60, size: 'max' } as const;

/** How long the idle caller of these settings, and anything that comes before, can take. */
const MOST_SECONDS = 240;

function stepsWith(...more: [Step['do'], ...Step['do'][]]): fc.Arbitrary<Step[]> {
  const special = fc.constantFrom(...more).map((what) => ({ do: what }) as Step);
  const any = fc.oneof({ weight: 10, arbitrary: step }, { weight: 1, arbitrary: special });
  return fc.array(any, MANY);
}

/** What of an entry stays as it is, whatever happens after it; nothing where it says nothing. */
function saying(entry: TranscriptEntry): string[] {
  if (entry.kind === 'keys') return [`keys ${entry.keys}`];
  if (entry.kind === 'tool') return [`tool ${entry.name} ${entry.argumentsText}`];
  return entry.text ? [`${entry.kind} ${entry.text}`] : [];
}

/** @returns what of `parts` is not in `whole`, in order. */
function missing(parts: readonly string[], whole: readonly string[]): string[] {
  let from = 0;
  return parts.filter((part) => {
    const at = whole.indexOf(part, from);
    if (at >= 0) from = at + 1;
    return at < 0;
  });
}

/**
 * Kills the process when all is written down, and looks at what the next one makes of it.
 * @returns what was said; undefined where the call was over.
 */
async function kill(it: RandomConversation): Promise<string[] | undefined> {
  const { conversation, call } = it.around;
  if (call.ends.length > 0) return undefined;
  // As it would a moment later.
  (Reflect.get(conversation, 'parts') as ConversationParts).writer?.write();
  const { floor, notes, away, closing, ending, keys, sessions } = readState(it.saved);
  await it.take({ do: 'kill' });
  const said = (await conversation.finish()).transcript.flatMap(saying);
  const { session } = it;
  if (!session || !floor || away || closing || ending) return said;
  const { heard, owed, cutOff, callerTurnOpen } = floor;
  if (callerTurnOpen) {
    // It listens for a moment whether the caller goes on.
    it.around.clock.advance(1_000);
    await settle();
  }
  const silent = heard.length === 0 && !owed && !cutOff && !callerTurnOpen && keys === '';
  const asked = session.count('create') > 0;
  if (!silent) expect(asked).toBe(true);
  else if (notes?.length === 0 && sessions?.greetingHeard) expect(asked).toBe(false);
  if (sessions?.greetingHeard) expect(session.log).not.toContainEqual(expect.stringMatching('Open it now'));
  return said;
}

/** Everything comes to its end, and the caller says no more. */
async function rest(it: RandomConversation): Promise<void> {
  if (it.frozen) await it.take({ do: 'thaw' });
  for (let seconds = 0; it.around.call.ends.length === 0; seconds++) {
    if (it.away) await it.take({ do: 'transfer failed' });
    await it.finishAll();
    it.around.clock.advance(1_000);
    await settle();
    if (seconds > MOST_SECONDS) throw new Error('it did not come to rest');
  }
}

function expectAllWell(it: RandomConversation, rested: boolean): void {
  expect(it.around.call.ends).toHaveLength(1);
  expect(it.around.call.ends[0]).not.toMatch('internal-error');
  expect(it.violations).toEqual([]);
  for (const tool of it.tools) {
    const runs = tool.runs.map(({ toolCallId }) => toolCallId);
    expect(new Set(runs).size).toBe(runs.length);
  }
  if (!rested || !it.around.call.ends[0]?.startsWith('caller-idle')) return;
  const { told } = it.watched(it.around.session().id);
  for (const output of it.outputs.values()) {
    expect(told.filter(({ text }) => text.includes(output))).toHaveLength(1);
  }
}

describe('a conversation, whatever happens in it and whenever,', () => {
  it('goes on in another process when its own is killed, with all that was said, and nobody waits for an answer', async () => {
    await fc.assert(
      fc.asyncProperty(settings, stepsWith('kill'), async (given, taken) => {
        const it = new RandomConversation(given);
        await it.begin();
        let said: string[] = [];
        for (const one of [...taken, { do: 'kill' } as const]) {
          if (one.do !== 'kill') await it.take(one);
          else {
            const before = (await kill(it)) ?? said;
            expect(missing(said, before)).toEqual([]);
            said = before;
          }
        }
        const endedEarly = it.around.call.ends.length > 0;
        await rest(it);
        expectAllWell(it, !endedEarly);
        const { transcript } = await it.around.conversation.finish();
        expect(missing(said, transcript.flatMap(saying))).toEqual([]);
        expect(wrongTimes(it.turns)).toEqual([]);
      }),
      times,
    );
  });

  it('goes on in another process when its own is killed before all is written down', async () => {
    await fc.assert(
      fc.asyncProperty(settings, stepsWith('kill'), async (given, taken) => {
        const it = new RandomConversation(given);
        await it.begin();
        for (const one of taken) await it.take(one);
        const endedEarly = it.around.call.ends.length > 0;
        await rest(it);
        expectAllWell(it, !endedEarly);
      }),
      times,
    );
  });

  it('does nothing while it stands still, and goes on after that', async () => {
    await fc.assert(
      fc.asyncProperty(settings, stepsWith('freeze', 'freeze', 'thaw'), async (given, taken) => {
        const it = new RandomConversation(given);
        const { call, line, model } = it.around;
        const done = (): unknown => [
          ...[call.ends.length, call.transfers.length, call.said.length, call.keysSent.length, line.played],
          ...[it.tools.map(({ runs }) => runs.length), model.sessions.map((session) => session.count('create'))],
        ];
        await it.begin();
        for (const one of taken) {
          const before = done();
          const stoodStill = it.frozen;
          await it.take(one);
          if (stoodStill && it.frozen) expect(done()).toEqual(before);
        }
        const endedEarly = call.ends.length > 0;
        await rest(it);
        expectAllWell(it, !endedEarly);
        it.around.conversation.close();
        expect(wrongTimes(it.turns)).toEqual([]);
      }),
      times,
    );
  });

  it('goes on in another process from where it was made to stand still', async () => {
    await fc.assert(
      fc.asyncProperty(settings, fc.array(step, MANY), fc.array(step, MANY), async (given, before, after) => {
        const it = new RandomConversation(given);
        await it.begin();
        for (const one of before) await it.take(one);
        if (it.around.call.ends.length > 0) return;
        await it.take({ do: 'freeze' });
        const said = (await kill(it)) ?? [];
        for (const one of after) await it.take(one);
        const endedEarly = it.around.call.ends.length > 0;
        await rest(it);
        expectAllWell(it, !endedEarly);
        const { transcript } = await it.around.conversation.finish();
        expect(missing(said, transcript.flatMap(saying))).toEqual([]);
        expect(wrongTimes(it.turns)).toEqual([]);
      }),
      times,
    );
  });
});
