import { fromText, problem, type Problem, SECRET_MIN_CHARACTERS, signingSecretProblem } from './schemas.js';

/**
 * The secrets in STREAM_TOKEN_SECRET: several, newest first, separated by commas or new lines, while one replaces another.
 * In: the variable's text (already checked by `signingSecrets`). Out: each secret once, without white space around it.
 */
export function secretList(value: string): string[] {
  const secrets = value.split(/[,\r\n]/).map((secret) => secret.trim());
  return [...new Set(secrets)].filter((secret) => secret !== '');
}

/** Stays text (it lives in a `Secret`), after every secret in it was checked. */
export const signingSecrets = fromText((text): string | Problem => {
  const secrets = secretList(text);
  if (secrets.length === 0) return problem(`has no secret in it; give at least ${SECRET_MIN_CHARACTERS} characters`);
  for (const [index, secret] of secrets.entries()) {
    const wrong = signingSecretProblem(secret);
    if (wrong === undefined) continue;
    return secrets.length === 1 ? wrong : problem(`secret ${index + 1} of ${secrets.length} ${wrong.message}`);
  }
  return text;
});
