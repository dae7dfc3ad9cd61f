import { type Environment } from './env-file.js';
import { fileProblem } from './file-problem.js';
import { Secret } from './secret.js';
import { type Setting } from './setting.js';
import { type SettingName, SETTINGS, type SettingValues } from './settings.js';

export type ReadFile = (path: string) => string;

/** A secret that lives in a file, for the watcher. */
export interface SecretFile {
  /** The variable, without `_FILE`. */
  name: SettingName;
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

/** Empty is unset: `NAME=` in a file or a chart is how people switch something off. */
function textOf(env: Environment, name: string): string | undefined {
  const text = env[name]?.trim();
  return text === undefined || text === '' ? undefined : text;
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
  function sourceOf(name: SettingName, setting: Setting): { text: string; label: string; path?: string } | undefined {
    const direct = textOf(env, name);
    const path = setting.fromFile === undefined ? undefined : textOf(env, `${name}_FILE`);
    if (direct !== undefined && path !== undefined) {
      problems.push(`${name}: is set twice, by itself and by ${name}_FILE; give one of the two`);
      return undefined;
    }
    if (path !== undefined) return fromFile(name, path);
    if (direct !== undefined) return { text: direct, label: name };
    if (setting.default !== undefined) return { text: setting.default, label: name };
    if (setting.required === true) {
      const orFile = setting.fromFile === undefined ? '' : `, or ${name}_FILE to the path of a file that holds it`;
      problems.push(`${name}: is missing; set it${orFile}`);
    }
    return undefined;
  }

  function fromFile(name: SettingName, path: string): { text: string; label: string; path: string } | undefined {
    let content: string;
    try {
      content = readFile(path).trim();
    } catch (error) {
      problems.push(`${name}_FILE: ${path}: ${fileProblem(error)}`);
      return undefined;
    }
    if (content === '') {
      problems.push(`${name}_FILE: ${path}: the file is empty`);
      return undefined;
    }
    return { text: content, label: `${name}_FILE: ${path}`, path };
  }
}
