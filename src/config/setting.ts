import { type z } from 'zod';

/**
 * One environment variable: what it means, how its text is read, what it is when unset. The documentation and
 * .env.sample are generated from these, so `meaning` is a sentence for an operator.
 */
export interface Setting<T = unknown> {
  meaning: string;
  /** Text in, value out. Messages of its issues say what is wrong and what would be right, never the text itself. */
  schema: z.ZodType<T, string>;
  /** As it would be written in `.env`; read through the same schema. */
  default?: string;
  /** What the documentation says instead of a literal default. */
  defaultNote?: string;
  /** Starting without it is an error. */
  required?: boolean;
  /** `secret`: also as NAME_FILE, watched, never shown. `text`: also as NAME_FILE, read once. */
  fromFile?: 'secret' | 'text';
}

export interface SettingGroup {
  title: string;
  settings: Record<string, Setting>;
}

/** Keeps literal types, so that `Values` knows which settings always have a value. */
export function settings<const S extends Record<string, Setting>>(table: S): S {
  return table;
}

type ValueOf<S extends Setting> = S extends { default: string } | { required: true }
  ? z.output<S['schema']>
  : z.output<S['schema']> | undefined;

/** What a table of settings reads as. */
export type Values<T extends Record<string, Setting>> = { [K in keyof T]: ValueOf<T[K]> };
