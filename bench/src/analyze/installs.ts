/** What the benchmark needs beyond the workspace: the Node that runs it, and the other readers. */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.js';

const inRoot = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** Installs where needed, and bundles DevTools' heap model.
 * @returns the path of the Node that runs heaps and readers
 * @throws {Error} when npm or the bundler fails
 */
export async function install(): Promise<string> {
  const node = installNode();
  installAt('bench/peers');
  const bundled = await run(node, [inRoot('bench/peers/bundle.mjs')]);
  if ('failure' in bundled) throw new Error(`bundling DevTools' heap model: ${bundled.failure}`);
  return node;
}

/** The Nodes of the tests, where needed; returns the path of the one that benchmarks run on. */
export function installNode(): string {
  installAt('tests');
  return inRoot('tests/node_modules/node24/bin/node');
}

export function peer(program: string): string {
  return join(inRoot('bench/peers'), program);
}

function installAt(directory: string): void {
  if (
    changedAt(`${directory}/node_modules/.package-lock.json`) >= changedAt(`${directory}/package-lock.json`)
  )
    return;
  console.log(`installing what ${directory} needs`);
  execFileSync('npm', ['ci'], { cwd: inRoot(directory), stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Milliseconds since the epoch; 0 for what does not exist. */
function changedAt(path: string): number {
  return statSync(inRoot(path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
