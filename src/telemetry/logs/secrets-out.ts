import { type Config } from '../../config/config.js';
import { Secret } from '../../config/secret.js';
import { SecretTemplate } from '../../config/secret-template.js';

const MASK = '[secret]';
/** Shorter values are found in every other word; the settings that matter do not take such short ones. */
const LEAST_LENGTH = 8;

/**
 * The last gate before a log line leaves: whatever an error of a library brings along (the arguments of a command, the
 * headers of a request), no value of a secret setting is in it.
 * @returns a function that gives the line without secrets. They are read anew for every line: their files may change.
 */
export function secretsOut(config: Config): (line: string) => string {
  const sources = secretsIn(config).map(needlesOf);
  return (line) => {
    let clean = line;
    for (const needles of sources)
      for (const needle of needles()) if (clean.includes(needle)) clean = clean.replaceAll(needle, MASK);
    return clean;
  };
}

type Source = () => string;

/** Every secret that the configuration holds, wherever it stands there. */
function secretsIn(value: unknown, found = new Set<unknown>()): Source[] {
  if (typeof value !== 'object' || value === null || found.has(value)) return [];
  found.add(value);
  if (value instanceof Secret) return [() => value.value, () => value.previous ?? ''];
  if (value instanceof SecretTemplate) return [() => value.text];
  return Object.values(value).flatMap((inner) => secretsIn(inner, found));
}

/** What to look for, worked out once for each value that a secret takes. */
function needlesOf(source: Source): () => readonly string[] {
  let known: string | undefined;
  let needles: readonly string[] = [];
  return () => {
    const text = source();
    if (text !== known) {
      known = text;
      needles = partsOf(text)
        .filter((part) => part.length >= LEAST_LENGTH)
        .flatMap((part) => [...new Set([part, JSON.stringify(part).slice(1, -1)])])
        .sort((one, other) => other.length - one.length);
    }
    return needles;
  };
}

/** A URL's only secret is its password; a list has several, and a header's value often a word before it. */
function partsOf(text: string): string[] {
  const url = /^\w+:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (!url) return [text, ...text.split(/[,\r\n]+/).map((each) => each.trim()), text.replace(/^\S+ /, '')];
  return [url.password, decoded(url.password)];
}

/** A log line never fails over how a password is written. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
