import { type z } from 'zod';

/** More than these would not be read. */
const MOST_MISTAKES = 12;
/** Keys that look like words are repeated in messages; what has digits may be a secret in the wrong place. */
const WORD = /^[A-Za-z_-]{1,40}$/;

/** zod's option for a message of our own, with the case of a missing value told apart. */
export function says(words: string): { error: z.core.$ZodErrorMap } {
  return {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') return undefined;
      return issue.input === undefined ? 'is missing' : words;
    },
  };
}

/** All that is wrong in one line: `http[0].url: …; mcp[1].label: …`. Never repeats a value. */
export function mistakesIn(issues: readonly z.core.$ZodIssue[]): string {
  const lines = issues.slice(0, MOST_MISTAKES).map((issue) => {
    const path = pathText(issue.path);
    const message = issue.code === 'unrecognized_keys' ? unknownKeys(issue.keys) : issue.message;
    return path === '' ? message : `${path}: ${message}`;
  });
  const rest = issues.length - lines.length;
  return [...lines, ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ');
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${wordOr(String(key), '…')}`))
    .join('')
    .replace(/^\./, '');
}

function unknownKeys(keys: readonly string[]): string {
  const names = keys.map((key) => wordOr(key, 'another'));
  return `has ${names.length === 1 ? 'an unknown key' : 'unknown keys'} (${names.join(', ')})`;
}

function wordOr(key: string, otherwise: string): string {
  return WORD.test(key) ? key : otherwise;
}
