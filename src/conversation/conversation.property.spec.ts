import fc from 'fast-check';
import { RandomConversation } from '../../test/support/random-conversation.js';
import { settings, steps } from '../../test/support/random-steps.js';
import { settle } from '../../test/support/scripted-conversation.js';
import { wrongTimes } from '../../test/support/timeline-checks.js';

const times = { numRuns: 300 };

/** How long the idle caller of these settings, and anything that comes before, can take. */
const MOST_SECONDS = 240;

describe('a conversation, whatever both sides do in whatever order,', () => {
  it('never asks for two responses, loses no tool result, and comes to rest when they do', async () => {
    await fc.assert(
      fc.asyncProperty(settings, steps, async (given, taken) => {
        const it = new RandomConversation(given);
        const { call, clock } = it.around;
        await it.begin();
        for (const one of taken) await it.take(one);
        const endedEarly = call.ends.length > 0;
        let seconds = 0;
        while (call.ends.length === 0) {
          if (it.away) await it.take({ do: 'transfer failed' });
          await it.finishAll();
          clock.advance(1_000);
          if (++seconds > MOST_SECONDS) throw new Error('it did not come to rest');
        }
        await settle();
        expect(call.ends).toHaveLength(1);
        expect(call.ends[0]).not.toMatch('internal-error');
        expect(it.violations).toEqual([]);
        for (const tool of it.tools) {
          const runs = tool.runs.map(({ toolCallId }) => toolCallId);
          expect(new Set(runs).size).toBe(runs.length);
        }
        for (const session of it.around.model.sessions) expectOutputs(it, session.id, 'at most once');
        // The caller was idle to the end: nothing was left to be done.
        const rested = !endedEarly && call.ends[0]?.startsWith('caller-idle');
        if (rested) expectOutputs(it, it.around.session().id, 'once');
      }),
      times,
    );
  });

  it('is told of turn by turn: each once, with every response in one of them, and all times in order', async () => {
    await fc.assert(
      fc.asyncProperty(settings, steps, async (given, taken) => {
        const it = new RandomConversation(given);
        await it.begin();
        for (const one of taken) await it.take(one);
        await it.take({ do: 'close' });
        const told = [...it.turns];
        expect(wrongTimes(told)).toEqual([]);
        const responses = told.flatMap((turn) => turn.responses.map(({ responseId }) => responseId));
        expect(responses.sort()).toEqual(it.responses.sort());
        const tools = told.flatMap((turn) => turn.tools.map(({ toolCallId }) => toolCallId));
        const called = it.tools.flatMap(({ runs }) => runs.map(({ toolCallId }) => toolCallId));
        expect(called.filter((toolCallId) => !tools.includes(toolCallId))).toEqual([]);
        const numbers = told.map(({ number }) => number).sort((a, b) => a - b);
        expect(numbers).toEqual(numbers.map((_number, at) => (numbers[0] ?? 0) + at));
        for (const one of taken) await it.take(one);
        it.around.clock.advance(600_000);
        await settle();
        expect(it.turns).toEqual(told);
      }),
      times,
    );
  });

  it('does nothing more when it was closed', async () => {
    await fc.assert(
      fc.asyncProperty(settings, steps, steps, async (given, before, after) => {
        const it = new RandomConversation(given);
        const { call, clock, counters, line, model } = it.around;
        await it.begin();
        for (const one of before) await it.take(one);
        await it.take({ do: 'close' });
        const asked = (): unknown => [
          ...[call.ends.length, call.transfers.length, call.said.length, call.keysSent.length],
          ...[line.played, counters.modelSessionsLost, model.sessions.map(({ log }) => log.length)],
          ...[it.tools.map(({ runs }) => runs.length)],
        ];
        const then = asked();
        for (const one of after) await it.take(one);
        clock.advance(600_000);
        await settle();
        expect(asked()).toEqual(then);
      }),
      { numRuns: Math.round(times.numRuns / 3) },
    );
  });
});

function expectOutputs(it: RandomConversation, sessionId: string, how: 'at most once' | 'once'): void {
  const session = it.watched(sessionId);
  for (const output of it.outputs.values()) {
    const told = session.told.filter(({ text }) => text.includes(output));
    if (how === 'at most once') expect(told.length).toBeLessThanOrEqual(1);
    else expect(told).toHaveLength(1);
  }
}
