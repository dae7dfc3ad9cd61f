import { greeted, type GivenSettings, setUp, settle } from './scripted-conversation.js';
import { ScriptedStore } from './scripted-store.js';

type Conversing = ReturnType<typeof setUp>;

/** What is done in the process that is killed; it had greeted. */
export type Before = (all: Conversing) => void | Promise<void>;

/** A conversation in the process that took it over. */
export interface Moved extends Conversing {
  /** In the process that was killed. */
  before: Conversing;
  store: ScriptedStore;
}

/** All of it, the latest words of the assistant and how far they were heard among it. */
export const WRITTEN_DOWN_WITHIN_MS = 350;
/** From the kill to the call being taken over. */
const NOTICED_AFTER_MS = 2_000;

/** Goes on with what was written down, some time after the first process was killed. */
export async function restored(before: Conversing, store: ScriptedStore, given: GivenSettings = {}): Promise<Moved> {
  before.kill();
  before.clock.advance(NOTICED_AFTER_MS);
  const after = setUp({ ...given, clock: before.clock, store, saved: store.saved });
  after.conversation.begin();
  await settle();
  return { ...after, before, store };
}

/** A conversation that greeted, went on as given, and was cut off by a kill when that was written down. */
export async function moved(given: GivenSettings, happens: Before): Promise<Moved> {
  const store = new ScriptedStore();
  const before = await greeted({ ...given, store });
  await happens(before);
  await before.pass(WRITTEN_DOWN_WITHIN_MS);
  return restored(before, store, given);
}
