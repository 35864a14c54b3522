/**
 * Reads flags from files: NODE_OPTIONS in an environment file (`--env-file`), and `nodeOptions` in a
 * configuration file (node_dotenv.cc and node_config_file.cc in Node). The files may have changed since the
 * process read them.
 */
import { orElse } from '@afterimage/host/errors';
import { readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { normalName } from './node-flags.js';

export interface FileFlags {
  /** NODE_OPTIONS from the last environment file that has it. */
  options: string;
  /** `--name` or `--name=value`. */
  config: string[];
}

const DEFAULT_CONFIG = 'node.config.json';
const MAX_FILE_BYTES = 1 << 20;

/**
 * Reads the flags.
 * @param flags of its command line, each with its value
 */
export async function flagsInFiles(pid: number, flags: readonly string[]): Promise<FileFlags> {
  const read = (path: string): Promise<string> => fileOf(pid, path);
  let options = '';
  let config: string[] = [];
  for (const flag of flags) {
    const path = flag.includes('=') ? flag.slice(flag.indexOf('=') + 1) : '';
    const name = normalName(flag);
    if (name === '--env-file' || name === '--env-file-if-exists')
      options = optionsIn(await read(path)) ?? options;
    if (name === '--experimental-config-file' || name === '--experimental-default-config-file')
      config = configFlags(await read(path === '' ? DEFAULT_CONFIG : path));
  }
  return { options, config };
}

/** Returns an empty text if the file does not exist or cannot be read. */
async function fileOf(pid: number, path: string): Promise<string> {
  const directory = await readlink(`/proc/${pid}/cwd`).catch(orElse('/'));
  const file = `/proc/${pid}/root${path.startsWith('/') ? path : join('/', directory, path)}`;
  // Only regular files: reading a pipe would block, and take its contents from the process.
  const found = await stat(file).catch(orElse(null));
  if (found === null || !found.isFile() || found.size > MAX_FILE_BYTES) return '';
  return readFile(file, 'utf8').catch(orElse(''));
}

/** Returns null if it has none. */
function optionsIn(text: string): string | null {
  const lines = text.matchAll(
    /^\s*(?:export\s+)?NODE_OPTIONS\s*=[ \t]*(?:'([^']*)'|`([^`]*)`|"([^"]*)"|([^\n#]*))/gm,
  );
  const last = [...lines].at(-1);
  return last === undefined ? null : last.slice(1).join('').trim();
}

function configFlags(text: string): string[] {
  let options: unknown;
  try {
    options = (JSON.parse(text) as { nodeOptions?: unknown }).nodeOptions;
  } catch {
    return [];
  }
  if (typeof options !== 'object' || options === null) return [];
  return Object.entries(options).flatMap(([name, value]: [string, unknown]) => {
    if (value === true) return [`--${name}`];
    if (value === false) return [`--no-${name}`];
    return (Array.isArray(value) ? value : [value]).map((each) => `--${name}=${String(each)}`);
  });
}
