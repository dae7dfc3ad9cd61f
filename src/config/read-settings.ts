import { type Environment } from './env-file.js';
import { Secret } from './secret.js';
import { type Setting } from './setting.js';
import { type ReadFile, readSource, type Source } from './setting-source.js';
import { type SettingName, SETTINGS, type SettingValues } from './settings.js';

export type { ReadFile } from './setting-source.js';

/** A secret that lives in a file, for the watcher. */
export interface SecretFile {
  /** The variable, without `_FILE`. */
  name: string;
  path: string;
  secret: Secret;
  /** What is wrong with a new text, or undefined. */
  check(text: string): string | undefined;
}

export interface ReadSettings {
  /** A setting that could not be read is missing here and has a line in `problems`. */
  values: Partial<SettingValues>;
  problems: string[];
  secrets: Partial<Record<SettingName, Secret>>;
  secretFiles: SecretFile[];
}

/** One setting's text through its schema: the value, or what is wrong. */
function parse(setting: Setting, text: string): { value: unknown } | { wrong: string } {
  const result = setting.schema.safeParse(text);
  return result.success ? { value: result.data } : { wrong: result.error.issues[0]?.message ?? 'is wrong' };
}

/** Reads every setting and collects every problem; decides nothing that needs two settings at once. */
export function readSettings(env: Environment, readFile: ReadFile): ReadSettings {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  const secrets: Partial<Record<SettingName, Secret>> = {};
  const secretFiles: SecretFile[] = [];

  for (const [key, setting] of Object.entries<Setting>(SETTINGS)) {
    const name = key as SettingName;
    const source = sourceOf(name, setting);
    if (source === undefined) continue;
    const parsed = parse(setting, source.text);
    if ('wrong' in parsed) {
      problems.push(`${source.label}: ${parsed.wrong}`);
      continue;
    }
    values[name] = parsed.value;
    if (setting.fromFile !== 'secret') continue;
    const secret = new Secret(source.text);
    secrets[name] = secret;
    if (source.path !== undefined) {
      const check = (text: string): string | undefined => {
        const again = parse(setting, text);
        return 'wrong' in again ? again.wrong : undefined;
      };
      secretFiles.push({ name, path: source.path, secret, check });
    }
  }
  return { values: values, problems, secrets, secretFiles };

  /** Where a setting's text comes from; undefined (after noting a problem, if it is one) when it comes from nowhere. */
  function sourceOf(name: SettingName, setting: Setting): Source | undefined {
    const source = readSource(env, name, setting.fromFile !== undefined, readFile);
    if (source === undefined) {
      if (setting.default !== undefined) return { text: setting.default, label: name };
      if (setting.required === true) {
        const orFile = setting.fromFile === undefined ? '' : `, or ${name}_FILE to the path of a file that holds it`;
        problems.push(`${name}: is missing; set it${orFile}`);
      }
      return undefined;
    }
    if ('text' in source) return source;
    problems.push(source.problem);
    return undefined;
  }
}
