import { afterAll, beforeAll } from '@jest/globals';
import { itKnowsPods } from './fleet.contract.js';
import { itKeepsCalls } from './keeping.contract.js';
import { itGivesCallsToPods } from './ownership.contract.js';
import { type DirectoryUnderTest } from './testing/made-up.js';

/** What every call directory does, whatever it keeps its calls in. Run inside a `describe`. */
export function itKeepsTheContract(open: () => Promise<DirectoryUnderTest>, close: () => Promise<void>): void {
  let opened: DirectoryUnderTest | undefined;
  const test = (): DirectoryUnderTest => {
    if (!opened) throw new Error('not open yet');
    return opened;
  };
  beforeAll(async () => {
    opened = await open();
    // A cluster takes its time to come together.
  }, 60_000);
  afterAll(close);

  itKeepsCalls(test);
  itGivesCallsToPods(test);
  itKnowsPods(test);
}
