/** Checks where a result may be written, before any work begins. */
import { checkOutput } from '@afterimage/host/output-file';
import { lstat } from 'node:fs/promises';
import { extname } from 'node:path';
import { compressionOf } from './compressed-output.js';
import { CommandError } from '../cli/command-error.js';

/**
 * Checks a path.
 * @param path a file, or `-` for standard output
 * @throws {CommandError} `usage` if standard output is a terminal or used twice
 */
export function checkStandardOutput(path: string | undefined, json: boolean): void {
  if (path !== '-') return;
  if (json)
    throw new CommandError('usage', '--json and - both want standard output; name a file for the result');
  if (process.stdout.isTTY)
    throw new CommandError('usage', 'standard output is a terminal: name a file, or pipe it on');
}

/**
 * Checks that the result can be written.
 * @param force whether an existing file may be replaced
 * @throws {OutputError}; {CommandError} `refused` if it already exists
 */
export async function checkDestination(path: string, force: boolean): Promise<void> {
  if (path === '-') return;
  await checkOutput(path);
  if (!force && (await exists(path))) throw alreadyThere(path);
}

/** Returns `path`, or if that exists, the next free name: `x-2.heapsnapshot.gz`. */
export async function freePath(path: string, force: boolean): Promise<string> {
  if (path === '-' || force) return path;
  const { stem, endings } = splitEndings(path);
  for (let number = 2, free = path; ; number++) {
    if (!(await exists(free))) return free;
    free = `${stem}-${number}${endings}`;
  }
}

export function alreadyThere(path: string): CommandError {
  return new CommandError(
    'refused',
    `${path} exists: choose another name, or overwrite it with --force; nothing was written`,
  );
}

export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Splits off the extensions: those of encryption and compression, and the one before them. */
function splitEndings(path: string): { stem: string; endings: string } {
  let stem = path;
  if (stem.endsWith('.age')) stem = stem.slice(0, -extname(stem).length);
  if (compressionOf(stem) !== null) stem = stem.slice(0, -extname(stem).length);
  stem = stem.slice(0, stem.length - extname(stem).length);
  return { stem, endings: path.slice(stem.length) };
}
