/**
 * Makes sure that the tests find a redis-server (or valkey-server), without installing a service and without root.
 *
 * In PATH, or fetched before: says nothing. Else, where apt-get is: fetches Debian's packages and unpacks them below
 * node_modules/.cache/parley/redis, with those of their libraries that this machine lacks. Else: says what to install.
 * Exit code 0 when there is a server, 1 when there is none.
 */
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAMS = ['redis-server', 'valkey-server'];
const CACHE = join(dirname(fileURLToPath(import.meta.url)), '..', 'node_modules', '.cache', 'parley');
/** The place of what was fetched; `redis-server` in it is a wrapper that names the libraries beside it. */
const HOME = join(CACHE, 'redis');
/** Debian's redis-server holds but a link to the binary, which is in redis-tools. */
const PACKAGES = ['redis-server', 'redis-tools'];
const FETCH_LIMIT_MS = 180_000;

/** `$0` may be a relative path; `exec` keeps the process id, so that signals reach the server itself. */
const WRAPPER = `#!/bin/sh
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
LD_LIBRARY_PATH="$here/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" exec "$here/bin/redis-server" "$@"
`;

class Failure extends Error {}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function inPath(program) {
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  return directories.map((directory) => join(directory, program)).find(isExecutable);
}

/** @returns what it wrote; throws Failure with what it complained of */
function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: FETCH_LIMIT_MS,
    maxBuffer: 64 * 1024 * 1024,
    ...options,
    // What is said is read here, and a question would wait for ever.
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive', ...options.env },
  });
  if (status === 0) return stdout;
  throw new Failure(`${command} ${args.join(' ')}\n${(error?.message ?? stderr).trim()}`);
}

/** Where apt keeps its lists: the system's own, until they turn out to be empty or old and may not be written. */
class Packages {
  options = [];

  constructor(scratch) {
    this.scratch = scratch;
  }

  /** Asks the mirrors what there is. */
  refresh() {
    if (process.getuid?.() !== 0) {
      const lists = join(this.scratch, 'lists');
      const cache = join(this.scratch, 'cache');
      mkdirSync(join(lists, 'partial'), { recursive: true });
      mkdirSync(join(cache, 'archives', 'partial'), { recursive: true });
      this.options = ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${cache}`];
    }
    run('apt-get', [...this.options, '-q', 'update']);
  }

  /** Fetches packages and unpacks them into a directory. */
  unpack(names, directory) {
    const archives = mkdtempSync(join(this.scratch, 'archives-'));
    run('apt-get', [...this.options, '-q', 'download', ...names], { cwd: archives });
    for (const archive of readdirSync(archives)) run('dpkg-deb', ['-x', join(archives, archive), directory]);
  }

  /** Every library package that these depend on, at however many removes, and that is not installed. */
  missingLibraries(names) {
    const kinds = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map(
      (kind) => `--no-${kind}`,
    );
    const closure = run('apt-cache', [...this.options, 'depends', '--recurse', ...kinds, ...names]);
    const libraries = closure.split('\n').filter((line) => /^lib[^\s:]+$/.test(line));
    return [...new Set(libraries)].filter((name) => !isInstalled(name));
  }
}

function isInstalled(name) {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}\n', name], { encoding: 'utf8' });
  return (stdout ?? '').split('\n').includes('installed');
}

/** The shared libraries that a program would not find, with `directory` searched too. */
function unresolved(program, directory) {
  const listed = run('ldd', [program], { env: { LD_LIBRARY_PATH: directory } });
  return [...listed.matchAll(/^\s*(\S+) => not found/gm)].map(([, soname]) => soname);
}

function findFile(directory, pattern) {
  const hit = readdirSync(directory, { recursive: true }).find((path) => pattern(path));
  return hit === undefined ? undefined : realpathSync(join(directory, hit));
}

/** Puts a server with its wrapper into `home`. */
function fetchServer(scratch, home) {
  const packages = new Packages(scratch);
  const root = join(scratch, 'root');
  const lib = join(home, 'lib');
  const program = join(home, 'bin', 'redis-server');
  mkdirSync(root);
  mkdirSync(lib, { recursive: true });
  mkdirSync(dirname(program));

  try {
    packages.unpack(PACKAGES, root);
  } catch {
    // No lists yet, or lists of packages that the mirrors have replaced since.
    packages.refresh();
    packages.unpack(PACKAGES, root);
  }
  const binary = findFile(root, (path) => path.endsWith('bin/redis-server'));
  if (binary === undefined) throw new Failure(`${PACKAGES.join(' and ')} hold no redis-server`);
  // The name it is started by decides what it does: as redis-check-rdb it would check a file.
  copyFileSync(binary, program);
  chmodSync(program, 0o755);
  addLibraries(packages, { program, lib, unpacked: join(scratch, 'libraries') });
  writeFileSync(join(home, 'redis-server'), WRAPPER, { mode: 0o755 });
}

/** Copies only what the machine lacks: a second libc beside the machine's own loader would break everything. */
function addLibraries(packages, { program, lib, unpacked }) {
  if (unresolved(program, lib).length === 0) return;
  mkdirSync(unpacked);
  packages.unpack(packages.missingLibraries(PACKAGES), unpacked);
  for (;;) {
    // A library that was added may itself need one that is not there yet.
    const missing = unresolved(program, lib);
    if (missing.length === 0) return;
    for (const soname of missing) {
      const file = findFile(unpacked, (path) => basename(path) === soname);
      if (file === undefined) throw new Failure(`no package of ${PACKAGES.join(', ')} brings ${soname}`);
      copyFileSync(file, join(lib, soname));
    }
  }
}

function fetchFromDebian() {
  console.error(
    'ensure-redis: no redis-server in PATH; fetching one for the tests (Debian packages, not installed) ...',
  );
  mkdirSync(CACHE, { recursive: true });
  const scratch = mkdtempSync(join(CACHE, 'fetching-'));
  try {
    const home = join(scratch, 'redis');
    fetchServer(scratch, home);
    const version = run(join(home, 'redis-server'), ['--version']).trim();
    rmSync(HOME, { recursive: true, force: true });
    renameSync(home, HOME);
    console.error(`ensure-redis: ${join(HOME, 'redis-server')}\nensure-redis: ${version}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function advice() {
  if (process.platform === 'darwin') return 'brew install redis';
  if (inPath('apt-get')) return 'sudo apt-get update && sudo apt-get install redis-server';
  if (inPath('dnf')) return 'sudo dnf install valkey';
  if (inPath('apk')) return 'sudo apk add redis';
  return 'install Redis 7 (or Valkey) so that redis-server (or valkey-server) is in PATH';
}

function fail(why) {
  console.error(`ensure-redis: the tests need a redis-server, and there is none.${why}\n\nTo fix it: ${advice()}`);
  process.exitCode = 1;
}

if (!PROGRAMS.some(inPath) && !isExecutable(join(HOME, 'redis-server'))) {
  if (process.platform !== 'linux' || !inPath('apt-get') || !inPath('dpkg-deb')) {
    fail('');
  } else {
    try {
      fetchFromDebian();
    } catch (error) {
      fail(` It could not be fetched either:\n${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
