/** What tests have fetched or made once, to be used again. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../.cache/', import.meta.url));

/**
 * The directory of that name in `tests/.cache`.
 * @param make fills it, where it is not there yet; it appears only when it is whole
 */
export function cached(name: string, make: (directory: string) => void): string {
  const place = path.join(cache, name);
  if (existsSync(place)) return place;
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(path.join(cache, 'unfinished-'));
  try {
    make(directory);
    // Test files run side by side: another one may have been first.
    if (!existsSync(place)) renameSync(directory, place);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return place;
}
