import { InvalidArgumentError } from 'commander';

/** Parsers for the values of command line options; what they throw becomes the usage error. */

export function wholeNumberFrom(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(
        most === Number.MAX_SAFE_INTEGER ? `Give a whole number from ${least}.` : `Give ${least} to ${most}.`,
      );
    return value;
  };
}

export const portNumber = wholeNumberFrom(0, 65_535);

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('Give a number above 0.');
  return value;
}

/** For options that may be given several times. */
export function collected(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text];
}

export function urlOf(...schemes: readonly string[]): (text: string) => string {
  return (text) => {
    const wanted = `Give an address that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}.`;
    if (!URL.canParse(text) || !schemes.includes(new URL(text).protocol.slice(0, -1)))
      throw new InvalidArgumentError(wanted);
    return text;
  };
}
