import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments, stringify } from 'yaml';
import { type Manifest, Manifests } from './manifests.js';
import { HELM } from './tools.js';

const run = promisify(execFile);

export const CHART = 'charts/parley';
export const NAMESPACE = 'parley';
/** The values files that stand for how the chart is used. */
export const CI_VALUES = readdirSync(join(CHART, 'ci')).sort();
/** What every installation needs. */
export const LEAST = { secret: { existingSecret: 'parley-keys' } };

export interface RenderOptions {
  /** A file of `ci/`. */
  file?: string;
  /** Over those of the file. */
  values?: object;
  /** Arguments of Helm, such as `['--set', 'replicaCount=2']`. */
  args?: readonly string[];
  helm?: string;
  release?: string;
  /** Folder of the chart. */
  chart?: string;
}

/** What Helm said, whether it went well or not. */
export interface Answer {
  ok: boolean;
  output: string;
}

export async function helm(args: readonly string[], binary = HELM ?? 'helm'): Promise<Answer> {
  try {
    const { stdout } = await run(binary, args, { maxBuffer: 16 * 1024 * 1024 });
    return { ok: true, output: stdout };
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    return { ok: false, output: stderr ?? message };
  }
}

/** `helm template` with everything as in an installation of a release named parley. */
export async function template(options: RenderOptions = {}): Promise<Answer> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-chart-'));
  try {
    const files = options.file === undefined ? [] : ['--values', join(CHART, 'ci', options.file)];
    if (options.values !== undefined) {
      const path = join(folder, 'values.yaml');
      writeFileSync(path, stringify(options.values));
      files.push('--values', path);
    }
    const release = [options.release ?? 'parley', options.chart ?? CHART, '--namespace', NAMESPACE];
    return await helm(['template', ...release, ...files, ...(options.args ?? [])], options.helm);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The objects of a rendering. Throws with what Helm said where it refused. */
export async function render(options: RenderOptions = {}): Promise<Manifests> {
  const { ok, output } = await template(options);
  if (!ok) throw new Error(output);
  return parsed(output);
}

/** Parses YAML as an API server does: a key that stands twice is an error. */
export function parsed(text: string): Manifests {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) return new Manifests([]);
  for (const { errors } of documents) if (errors[0]) throw errors[0];
  return new Manifests(
    documents.map((document) => document.toJS() as Manifest | null).filter((found) => found !== null),
  );
}

const known = new Map<string, Promise<Manifests>>();

/** The rendering of a file of `ci/`: made once for each Helm. */
export function rendering(file: string, binary = HELM ?? 'helm'): Promise<Manifests> {
  const key = `${binary} ${file}`;
  const made = known.get(key) ?? render({ file, helm: binary });
  known.set(key, made);
  return made;
}
