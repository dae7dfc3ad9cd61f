import { z } from 'zod';

/**
 * A schema from text to a value: `read` returns the value, or `problem(...)` with a message that says what is wrong and
 * what would be right. The message must not repeat the text: it could be a secret pasted into the wrong variable.
 */
export function fromText<T>(read: (text: string) => T | Problem): z.ZodType<T, string> {
  return z.string().transform((text, context): T => {
    const result = read(text);
    if (!(result instanceof Problem)) return result;
    context.addIssue({ code: 'custom', message: result.message });
    return z.NEVER;
  });
}

export class Problem {
  constructor(readonly message: string) {}
}

export function problem(message: string): Problem {
  return new Problem(message);
}

/** Any text. */
export function text(): z.ZodType<string, string> {
  return fromText((value) => value);
}

/** A whole number from `min` to `max`, both included; `unit` is for the message. */
export function integer(min: number, max: number, unit = ''): z.ZodType<number, string> {
  const range = `a whole number from ${min} to ${max}${unit === '' ? '' : ` (${unit})`}`;
  return fromText((value) => {
    if (!/^-?\d+$/.test(value)) return problem(`is not a number; give ${range}`);
    const number = Number(value);
    return number >= min && number <= max ? number : problem(`is out of range; give ${range}`);
  });
}

/** A number with or without decimals from `min` to `max`, both included. */
export function decimal(min: number, max: number): z.ZodType<number, string> {
  return fromText((value) => {
    if (!/^-?\d+(\.\d+)?$/.test(value)) return problem(`is not a number; give one from ${min} to ${max}`);
    const number = Number(value);
    return number >= min && number <= max ? number : problem(`is out of range; give a number from ${min} to ${max}`);
  });
}

/** Exactly one of the words. */
export function oneOf<const T extends string>(words: readonly T[]): z.ZodType<T, string> {
  return fromText((value) => words.find((word) => word === value) ?? problem(`must be one of: ${words.join(', ')}`));
}

/** `on` or `off`. */
export function onOff(): z.ZodType<boolean, string> {
  return fromText((value) => {
    if (value !== 'on' && value !== 'off') return problem('must be on or off');
    return value === 'on';
  });
}

/** Text that travels as one HTTP header value: an API key, an organisation id. */
export function headerValue(): z.ZodType<string, string> {
  return fromText((value) => headerProblem(value) ?? value);
}

/** Short enough to be typed by hand is short enough to be guessed; 16 characters of base64 are 96 bits. */
export const SECRET_MIN_CHARACTERS = 16;

/** A secret of your own that signs something. */
export function signingSecret(): z.ZodType<string, string> {
  return fromText((value) => signingSecretProblem(value) ?? value);
}

/** Why a text cannot be a secret that signs, or undefined when it can. */
export function signingSecretProblem(value: string): Problem | undefined {
  if (value.length >= SECRET_MIN_CHARACTERS) return undefined;
  return problem(`is too short; give at least ${SECRET_MIN_CHARACTERS} random characters (openssl rand -base64 32)`);
}

/** Why a text cannot be a key or an id in an HTTP header, or undefined when it can. */
export function headerProblem(value: string): Problem | undefined {
  // `docker run --env-file` and Kubernetes pass quotes on as part of the value; a shell and `.env` take them away.
  if (/^(".*"|'.*')$/s.test(value)) return problem('has quotes around it; give it without');
  if (/\s/.test(value)) return problem('has white space in it; give it as one word on one line');
  if (!/^[\x21-\x7e]+$/.test(value)) return problem('has characters that no key has; copy it again');
  return undefined;
}
