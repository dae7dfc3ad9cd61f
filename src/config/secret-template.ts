import { inspect } from 'node:util';
import { problem, type Problem } from './schemas.js';
import { type Secret } from './secret.js';

const MASK = '[secret]';
const PLACE = /\$\{([^}]*)\}?/g;
const SECRET_NAME = /^TOOL_SECRET_[A-Z0-9_]*[A-Z0-9]$/;

/**
 * A header value that may hold secrets: `Bearer ${TOOL_SECRET_CRM}`. Read `text` at the moment of use, so that a secret
 * whose file changed counts at once. Every accidental way to text gives `[secret]`, as with `Secret`.
 */
export class SecretTemplate {
  readonly #written: string;
  readonly #secrets: ReadonlyMap<string, Secret>;

  /** @param secrets by variable name; all that `written` names (see `secretNamesIn`) have to be there. */
  constructor(written: string, secrets: ReadonlyMap<string, Secret> = new Map()) {
    this.#written = written;
    this.#secrets = secrets;
  }

  /** The value to send, with the secrets of this moment. */
  get text(): string {
    return this.#written.replace(PLACE, (_, name: string) => this.#secrets.get(name)?.value ?? '');
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

/** The variables that a template names, or what is wrong with how it names them. */
export function secretNamesIn(written: string): string[] | Problem {
  const names = [...written.matchAll(PLACE)].map(([place, name = '']) => (place.endsWith('}') ? name : ''));
  return names.every((name) => SECRET_NAME.test(name) && !name.endsWith('_FILE'))
    ? names
    : problem('has a ${…} that is no ${TOOL_SECRET_NAME} (capital letters, digits, _)');
}
