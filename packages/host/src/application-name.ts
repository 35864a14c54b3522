/**
 * Derives an application's name, for the file names of its snapshots, from the package.json that its main
 * script belongs to.
 */
import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';

const MAX_LENGTH = 100;

/**
 * Returns the application's name, safe for a file name; falls back to the script's name, or `node`.
 * @param script the main script as Node received it; undefined for `node -e` and the like
 */
export function applicationName(script: string | undefined, cwd: string): string {
  const places: string[] = [];
  if (script !== undefined) {
    // node_modules/.bin/next and node_modules/next/dist/bin/next both run the project that contains them.
    const modules = script.indexOf(`${sep}node_modules${sep}`);
    if (modules !== -1) places.push(script.slice(0, modules));
    places.push(script);
  }
  places.push(cwd);
  for (const place of places) {
    const name = nearestPackageName(place);
    if (name !== null) return name;
  }
  return sanitizeName(script === undefined ? 'node' : basename(script).replace(/\.[cm]?[jt]s$/, ''));
}

/**
 * Makes a name safe for a file name: `@scope/some app` becomes `scope-some-app`. The result is never empty,
 * hidden or a path.
 */
export function sanitizeName(name: string): string {
  const safe = name
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '')
    .slice(0, MAX_LENGTH);
  return safe === '' ? 'node' : safe;
}

function nearestPackageName(place: string): string | null {
  let directory = isDirectory(place) ? place : dirname(place);
  for (;;) {
    const name = packageName(join(directory, 'package.json'));
    if (name !== null) return sanitizeName(name);
    const parent = dirname(directory);
    if (parent === directory) return null;
    directory = parent;
  }
}

function packageName(file: string): string | null {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null || !('name' in parsed)) return null;
    return typeof parsed.name === 'string' && parsed.name !== '' ? parsed.name : null;
  } catch {
    return null;
  }
}

function isDirectory(place: string): boolean {
  try {
    return statSync(place, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false; // unreadable, e.g. another user's
  }
}
