import { type ArgumentsCheck } from '../config/argument-schema.js';

export type ToolArguments = Record<string, unknown>;

/** A model that writes more than this as arguments has lost its way; nothing is parsed then. */
const MOST_CHARACTERS = 32_768;

/** In: what the model wrote. Out: the arguments, or what is wrong with them, in words for the model. */
export function readArguments(text: string, check: ArgumentsCheck): { values: ToolArguments } | { wrong: string } {
  if (text.length > MOST_CHARACTERS) return { wrong: 'they are too long' };
  let values: unknown;
  try {
    // Models leave the text empty when there is nothing to say.
    values = text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    return { wrong: 'they are not valid JSON' };
  }
  // Compiled from a schema of "type": "object", so what passes is one.
  const wrong = check(values);
  return wrong === undefined ? { values: values as ToolArguments } : { wrong };
}
