import { problem, type Problem } from './schemas.js';

const PLACE = /\{([^{}]*)\}/g;
/** Scheme and authority; what comes behind them may have places for arguments. */
const BEFORE_PATH = /^https?:\/\/[^/?#\\]+/i;

/**
 * An address with places for arguments in its path and query: `https://crm.example.com/customers/{id}?expand={part}`.
 * What is put in cannot leave its place: everything is percent-encoded, and `..` does not climb.
 */
export class UrlTemplate {
  /** The arguments that it takes, without repetitions. */
  readonly names: readonly string[];

  private constructor(readonly text: string) {
    this.names = [...new Set([...text.matchAll(PLACE)].map(([, name = '']) => name))];
  }

  static parse(text: string): UrlTemplate | Problem {
    const example = URL.canParse(text.replace(PLACE, 'x')) ? new URL(text.replace(PLACE, 'x')) : undefined;
    if (example === undefined || !/^https?:$/.test(example.protocol)) {
      return problem('must be a URL that begins with https:// or http://');
    }
    if (example.username !== '' || example.password !== '') {
      return problem('must not carry a user name or password; put them into a header');
    }
    if (example.hash !== '') return problem('must not have a #fragment');
    const before = BEFORE_PATH.exec(text)?.[0] ?? '';
    if (before === '' || /[{}]/.test(before)) return problem('must not have {…} before its path');
    if (
      /[{}]/.test(text.replace(PLACE, '')) ||
      [...text.matchAll(PLACE)].some(([, name]) => !/^[\w-]+$/.test(name ?? ''))
    ) {
      return problem('has braces that are not around the name of an argument');
    }
    if (climbs(text.replace(PLACE, 'x'))) return problem('must not have . or .. in its path');
    return new UrlTemplate(text);
  }

  /** Where it leads, with anything in the places. */
  get example(): URL {
    return new URL(this.text.replace(PLACE, 'x'));
  }

  /**
   * In: arguments of which the named ones are text, numbers or booleans. Out: the address, or the name of an argument that
   * does not fit its place (no scalar, nothing at all in the path, or dots that would lead elsewhere).
   */
  fill(values: Readonly<Record<string, unknown>>): URL | { wrong: string } {
    const query = this.text.indexOf('?');
    let wrong: string | undefined;
    const filled = this.text.replace(PLACE, (_, name: string, at: number) => {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      const text =
        typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? `${value}` : '';
      const inPath = query < 0 || at < query;
      // An empty path segment is another resource: DELETE /customers/ is not DELETE /customers/7.
      const encoded = percentEncoded(text);
      if (encoded === undefined || (text === '' && (inPath || value !== ''))) wrong ??= name;
      return encoded ?? '';
    });
    if (wrong !== undefined) return { wrong };
    return climbs(filled) ? { wrong: this.names[0] ?? '' } : new URL(filled);
  }
}

/** True when a segment of the path is `.` or `..`, in any of the ways that a URL parser takes for one. */
function climbs(url: string): boolean {
  const path = url.replace(BEFORE_PATH, '').split(/[?#]/, 1)[0] ?? '';
  return path.split(/[/\\]/).some((segment) => /^(\.|%2e){1,2}$/i.test(segment));
}

/** Undefined for half a surrogate pair, which JSON can write and no URL can hold. */
function percentEncoded(text: string): string | undefined {
  try {
    return encodeURIComponent(text);
  } catch {
    return undefined;
  }
}
