/** The programs of the gallery: their list, their requirements, and how their snapshots are made. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import { output } from './child.js';

export interface Program {
  name: string;
  path: string;
  /** Major version of the Node that runs it. */
  node: number;
}

/** A program's own description, next to its snapshots. */
export interface Expected {
  kind: string;
  /** What the retaining path or a location of the right answer contains; null for a healthy program. */
  culprit: string | null;
  healthy: boolean;
}

export interface Capture {
  expected: Expected;
  /** Paths, in the order they were taken. */
  snapshots: [string, string, string];
}

const GALLERY = fileURLToPath(new URL('../../leaks/', import.meta.url));
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const NODES = [20, 22, 24, 26];
/** A shared machine takes several times as long as a quiet one. */
const PROGRAM_LIMIT_MS = 300_000;

/**
 * Returns all programs by name, leaking ones first, on the four Node versions in turn.
 * @param names the programs wanted; empty for all
 * @param node the one version to run them on, if given
 * @throws {Error} if a name is not in the gallery
 */
export function programs(names: string[], node?: number): Program[] {
  const all = ['programs', 'healthy'].flatMap((directory) =>
    readdirSync(join(GALLERY, directory))
      .filter((file) => /\.[cm]js$/.test(file))
      .map((file) => join(GALLERY, directory, file)),
  );
  const gallery = all.map((path, index) => ({
    name: parse(path).name,
    path,
    node: node ?? NODES[index % NODES.length] ?? 20,
  }));
  const unknown = names.filter((name) => !gallery.some((program) => program.name === name));
  if (unknown.length > 0)
    throw new Error(
      `no program ${unknown.join(', ')} in bench/leaks; there are ${gallery.length}, see there`,
    );
  return names.length === 0 ? gallery : gallery.filter(({ name }) => names.includes(name));
}

/**
 * Installs the libraries of the programs, and with `nodes` the four Node versions, when the lock file is newer.
 * @throws {Error} when npm fails
 */
export function install({ nodes }: { nodes: boolean }): void {
  installAt('bench/leaks');
  if (!nodes) return;
  installAt('tests');
  if (NODES.some((major) => !existsSync(nodeBinary(major))))
    throw new Error('the four Node versions are missing: run `npm ci --prefix tests`');
  execFileSync(process.execPath, [join(ROOT, 'scripts/prebuild.mjs')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function installAt(directory: string): void {
  const changedAt = (path: string): number =>
    statSync(join(ROOT, directory, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (changedAt('node_modules/.package-lock.json') >= changedAt('package-lock.json')) return;
  console.error(`installing what ${directory} needs`);
  execFileSync('npm', ['ci', '--ignore-scripts'], {
    cwd: join(ROOT, directory),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function nodeBinary(major: number): string {
  return join(ROOT, `tests/node_modules/node${major}/bin/node`);
}

/**
 * Runs a program to its end.
 * @param directory where its snapshots go
 * @throws {Error} in one line
 */
export async function perform({ path, node }: Program, directory: string): Promise<void> {
  await output(nodeBinary(node), [path, directory], PROGRAM_LIMIT_MS);
}

/** @throws {Error} when `directory` is not what a program leaves */
export async function readCapture(directory: string): Promise<Capture> {
  const at = (name: string): string => join(directory, name);
  const expected = JSON.parse(await readFile(at('expected.json'), 'utf8')) as Expected;
  const snapshots: Capture['snapshots'] = [at('1.heapsnapshot'), at('2.heapsnapshot'), at('3.heapsnapshot')];
  const missing = snapshots.find((path) => !existsSync(path));
  if (missing !== undefined) throw new Error(`${missing} is missing`);
  return { expected, snapshots };
}
