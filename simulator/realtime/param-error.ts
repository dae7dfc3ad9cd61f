import { type z } from 'zod';
import { invalidRequest, missingParameter, unknownParameter } from './wire-errors.js';
import { type WireError } from './wire-types.js';

type Issue = z.core.$ZodIssue;

/** `['tools', 0, 'name']` under `session` becomes `session.tools[0].name`. */
function pathOf(root: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, root);
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    input,
  );
}

/** A union reports what is wrong with every branch; the branch that got past the type check was the one meant. */
function flatten(issue: Issue, input: unknown): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const candidates = issue.errors.flatMap((branch) => branch.slice(0, 1));
  const meant = candidates.find((candidate) => candidate.code !== 'invalid_type') ?? candidates[0];
  if (!meant) return issue;
  return flatten({ ...meant, path: [...issue.path, ...meant.path] }, input);
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? 'undefined');
}

/** 0: something is missing, 1: something is unknown, 2: something is wrong. The service names the first of these. */
function rank(issue: Issue, input: unknown): number {
  if (valueAt(input, issue.path) === undefined) return 0;
  return issue.code === 'unrecognized_keys' ? 1 : 2;
}

function describe(issue: Issue, input: unknown, root: string): WireError {
  const param = pathOf(root, issue.path);
  const value = valueAt(input, issue.path);
  if (value === undefined) return missingParameter(param);
  switch (issue.code) {
    case 'unrecognized_keys':
      return unknownParameter(pathOf(root, [...issue.path, ...issue.keys.slice(0, 1)]));
    case 'invalid_type': {
      const got = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
      const message = `Invalid type for '${param}': expected ${issue.expected}, but got ${got} instead.`;
      return invalidRequest('invalid_type', message, param);
    }
    case 'invalid_value': {
      const supported = issue.values.map(quoted).join(', ');
      const message = `Invalid value: ${quoted(value)}. Supported values are: ${supported}.`;
      return invalidRequest('invalid_value', message, param);
    }
    case 'too_small':
    case 'too_big': {
      const limit = issue.code === 'too_small' ? `>= ${issue.minimum}` : `<= ${issue.maximum}`;
      const message = `Invalid '${param}': expected a value ${limit}, but got ${quoted(value)} instead.`;
      return invalidRequest('invalid_value', message, param);
    }
    default: {
      // A discriminated union whose discriminator matches nothing.
      return invalidRequest('invalid_value', `Invalid value for '${param}': ${issue.message}.`, param);
    }
  }
}

/**
 * The first problem of a refused input, worded as the service words it.
 * @param root name of what was validated, put before every path: `session`, `response`, `item`, or empty
 */
export function paramError(error: z.ZodError, input: unknown, root: string): WireError {
  const issues = error.issues.map((issue) => flatten(issue, input));
  const first = issues.sort((a, b) => rank(a, input) - rank(b, input))[0];
  return first ? describe(first, input, root) : invalidRequest('invalid_value', `Invalid '${root}'.`, root);
}
