import { readFileSync } from 'node:fs';

/** From this file, as source and as built (dist/src/tools). */
const PLACES = ['../../package.json', '../../../package.json'];

/** Parley's version, as package.json has it; `unknown` where that is not there. */
export function parleyVersion(): string {
  for (const place of PLACES) {
    try {
      const about = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')) as Record<string, unknown>;
      if (about['name'] === 'parley' && typeof about['version'] === 'string') return about['version'];
    } catch {
      // The next place, or none.
    }
  }
  return 'unknown';
}
