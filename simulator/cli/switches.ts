import { didYouMean, type ValueKind, ValueError, writeValue } from './values.js';

/** One switch of a double: how its value is written, and what it does. */
export interface SwitchEntry<T> {
  readonly kind: ValueKind<T>;
  readonly about: string;
}

/** The switches of a double. A test says so when the double has one that is not described. */
export type SwitchCatalogue<S extends object> = { readonly [Name in keyof S]?: SwitchEntry<S[Name]> };

/**
 * Reads `name=value` texts. Out: the switches that they set, later ones over earlier ones. Throws ValueError that names the
 * switch and what it takes.
 */
export function parseSwitches<S extends object>(
  catalogue: SwitchCatalogue<S>,
  assignments: readonly string[],
): Partial<S> {
  const switches: Partial<S> = {};
  const entries = catalogue as Readonly<Record<string, SwitchEntry<unknown>>>;
  for (const assignment of assignments) {
    const [name, value] = splitAssignment(assignment, '--switch');
    const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
    if (entry === undefined)
      throw new ValueError(`there is no switch "${name}"${didYouMean(name, Object.keys(entries))}`);
    try {
      Object.assign(switches, { [name]: entry.kind.parse(value) });
    } catch (error) {
      throw new ValueError(`--switch ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return switches;
}

/** Splits `name=value` at the first equals sign. */
export function splitAssignment(text: string, where: string): [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new ValueError(`${where}: "${text}" is not name=value`);
  return [text.slice(0, at).trim(), text.slice(at + 1)];
}

export interface SwitchRow {
  name: string;
  defaultValue: string;
  allowed: string;
  about: string;
}

/** The catalogue as rows of a table. */
export function switchRows<S extends object>(catalogue: SwitchCatalogue<S>, defaults: S): SwitchRow[] {
  return (Object.entries(catalogue) as [string, SwitchEntry<unknown>][]).map(([name, { kind, about }]) => ({
    name,
    defaultValue: writeValue(defaults[name as keyof S]),
    allowed: kind.allowed,
    about,
  }));
}
