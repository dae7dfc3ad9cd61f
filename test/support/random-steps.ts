import fc from 'fast-check';
import { type Step } from './random-conversation.js';
import { type GivenSettings } from './scripted-conversation.js';

const amount = fc.constantFrom(20, 41, 300, 1_001, 3_000, 9_000, 21_000);
/** One thing that either side does. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Step>({ do: 'speech' }) },
  { weight: 6, arbitrary: fc.constant<Step>({ do: 'respond' }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('audio'), amount }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('hear', 'time', 'noise'), amount }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('done'),
      status: fc.oneof(
        { weight: 12, arbitrary: fc.constant('completed') },
        { weight: 6, arbitrary: fc.constantFrom('cancelled', 'failed', 'incomplete', 'filtered', 'again') },
        { weight: 1, arbitrary: fc.constant('fatal') },
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('tool'),
      name: fc.constantFrom('lookup', 'lookup', 'remind', 'nothing', 'hang_up', 'transfer', 'send_keys', 'skip_turn'),
      again: fc.constantFrom(false, false, false, true),
    }),
  },
  { weight: 3, arbitrary: fc.constant<Step>({ do: 'tool result' }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('remote', 'words'), ok: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('refuse'),
      code: fc.constantFrom('server_error', 'conversation_already_has_active_response', 'response_cancel_not_active'),
      named: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('lose'),
      fatal: fc.constantFrom(...Array<boolean>(11).fill(false), true),
      failures: fc.constantFrom(0, 0, 1, 3),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('key'),
      key: fc.constantFrom('1', '#'),
      webhook: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('commit nothing', 'line back', 'transfer failed'),
    }),
  },
);
/** What both sides do, in any order. */
export const steps = fc.array(step, { maxLength: 60, size: 'max' });

export const settings: fc.Arbitrary<GivenSettings & { sessionsLastMs?: number }> = fc
  .record({
    greetingProtected: fc.boolean(),
    interruptMinSpeechMs: fc.constantFrom(0, 0, 400),
    kind: fc.constantFrom('speech', 'tone'),
    sessionsLastMs: fc.constantFrom(Infinity, 5_000),
  })
  .map(({ kind, ...given }) => ({
    ...given,
    waitSignal: { kind, afterMs: 2_000 },
    limits: { idlePromptMs: 20_000, idleHangUpMs: 10_000 },
  }));
