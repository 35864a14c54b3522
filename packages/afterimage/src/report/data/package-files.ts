/** Reads the `package.json` of scripts in a snapshot, if this machine has them, for their versions. */
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';

const MAX_BYTES = 1 << 20;

/**
 * Returns the text of a file; null if it cannot be read. Paths come from the snapshot, which may be hostile:
 * opens only regular files of moderate size.
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
