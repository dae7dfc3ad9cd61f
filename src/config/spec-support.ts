// For specs: a configuration out of few variables, and what is wrong with it.
import { generateKeyPairSync } from 'node:crypto';
import { type Config } from './config.js';
import { ConfigError } from './config-error.js';
import { loadConfig, type LoadedConfig } from './load-config.js';

export const PUBLIC_KEY = newPublicKey();
export const LEAST = { OPENAI_API_KEY: 'sk-test', TELNYX_API_KEY: 'KEY-test', TELNYX_PUBLIC_KEY: PUBLIC_KEY };
export const host = { name: 'box', ip: '192.0.2.7', hasIPv6: true };

export function newPublicKey(): string {
  const der = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' });
  return der.subarray(-32).toString('base64');
}

export function load(env: Record<string, string | undefined>, files: Record<string, string> = {}): LoadedConfig {
  const readFile = (path: string): string => {
    const content = files[path];
    if (content === undefined) throw Object.assign(new Error('no file'), { code: 'ENOENT' });
    return content;
  };
  return loadConfig(env, { readFile, host });
}

export function config(extra: Record<string, string | undefined> = {}): Config {
  return load({ ...LEAST, ...extra }).config;
}

export function problems(
  env: Record<string, string | undefined>,
  files: Record<string, string> = {},
): readonly string[] {
  try {
    load(env, files);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** The one problem of a complete environment with these variables on top. */
export function problem(extra: Record<string, string | undefined>, files: Record<string, string> = {}): string {
  const found = problems({ ...LEAST, ...extra }, files);
  if (found.length !== 1) throw new Error(`${found.length} problems: ${found.join(' | ')}`);
  return found[0] ?? '';
}
