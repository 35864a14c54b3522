/** Removes the oldest results if a path with placeholders has produced more than `keep`. */
import { lstat, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PathTemplate } from './path-template.js';

/**
 * Keeps the newest `keep` results of the template in the directory of `path`, counting snapshots and images
 * together. Removes only regular files of this user. Never throws: files that cannot be removed stay.
 */
export async function removeOlder(template: PathTemplate, path: string, keep: number): Promise<void> {
  const directory = dirname(path);
  const found: { file: string; modified: number }[] = [];
  for (const name of await readdir(directory).catch(() => [])) {
    if (!template.results.test(name)) continue;
    const file = join(directory, name);
    const entry = await lstat(file).catch(() => null);
    if (entry?.isFile() !== true || entry.uid !== (process.geteuid?.() ?? entry.uid)) continue;
    found.push({ file, modified: entry.mtimeMs });
  }
  found.sort((a, b) => b.modified - a.modified);
  for (const { file } of found.slice(keep)) await rm(file, { force: true }).catch(() => undefined);
}
