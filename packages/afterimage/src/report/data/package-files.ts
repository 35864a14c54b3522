/** Reads `package.json` beside the scripts that a snapshot names, if this machine has them: for their versions. */
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';

const MAX_BYTES = 1 << 20;

/**
 * The text of a file, or null where there is none that can be read. Paths come from the snapshot, which anyone may have
 * written: nothing but a regular file of a moderate size is opened.
 */
export function packageFile(path: string): string | null {
  if (!isAbsolute(path) || !path.endsWith('/package.json')) return null;
  try {
    const found = statSync(path);
    return found.isFile() && found.size <= MAX_BYTES ? readFileSync(path, 'utf8') : null;
  } catch {
    return null;
  }
}
