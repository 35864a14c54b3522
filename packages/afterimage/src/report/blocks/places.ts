/** Shortens source locations. */
import type { SourceLocation } from '@afterimage/snapshot';

/** Directories are removed from the left until a location is no longer than this. */
const SHORT_CHARS = 36;

/** `orders.cjs:1`, `axios@1.7.2 lib/core/Axios.js:12`: the end of the path, always with file and line. */
export function shortPlace({ script, line, package: library }: SourceLocation): string {
  if (library === null) return shortPath(`${script}:${line}`, SHORT_CHARS);
  const name = nameWithVersion(library);
  return `${name} ${shortPath(`${insideOf(script, library.name)}:${line}`, SHORT_CHARS - name.length - 1)}`;
}

/** The position as an editor opens it, or for a package the path inside it; then the function. */
export function fullPlace({
  function: name,
  script,
  line,
  column,
  package: library,
}: SourceLocation): string {
  const path = library === null ? script : `${nameWithVersion(library)} ${insideOf(script, library.name)}`;
  return `${path}:${line}:${column}${name === '' ? '' : ` (${name})`}`;
}

function nameWithVersion({ name, version }: NonNullable<SourceLocation['package']>): string {
  return version === null ? name : `${name}@${version}`;
}

/** Returns the path inside the package; the whole path if it is not in the package. */
function insideOf(script: string, name: string): string {
  const directory = `node_modules/${name}/`;
  const at = script.lastIndexOf(directory);
  return at === -1 ? script : script.slice(at + directory.length);
}

/** Returns the file and as many of its last directories as fit. */
export function shortPath(path: string, chars: number): string {
  let shown = path;
  while (shown.length > chars) {
    const slash = shown.indexOf('/', 1);
    if (slash === -1) return shown;
    shown = shown.slice(slash + 1);
  }
  return shown;
}
