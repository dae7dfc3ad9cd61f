import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { z } from 'zod';

/** Parley's version, as its package says; undefined where that cannot be read. */
export function parleyVersion(): string | undefined {
  try {
    const path = findPackageJSON('.', import.meta.url);
    return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(path ?? '', 'utf8'))).version;
  } catch {
    return undefined;
  }
}
