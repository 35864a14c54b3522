/** What tests have downloaded or built once, for reuse. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../.cache/', import.meta.url));

/**
 * Returns the directory of that name in `tests/.cache`.
 * @param make fills it if it does not exist; it appears only when complete
 */
export function cached(name: string, make: (directory: string) => void): string {
  const place = path.join(cache, name);
  if (existsSync(place)) return place;
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(path.join(cache, 'unfinished-'));
  try {
    make(directory);
    // Test files run in parallel: another one may have been first.
    if (!existsSync(place)) renameSync(directory, place);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return place;
}
