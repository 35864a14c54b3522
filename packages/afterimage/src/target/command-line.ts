/**
 * How a Node.js process was started, as far as it decides about what can be done to it: the flags on its command
 * line and in NODE_OPTIONS.
 */
import { readFile } from 'node:fs/promises';

export interface CommandLine {
  /** As the process was started, or as it has renamed itself since. */
  arguments: string[];
  /** `--name` or `--name=value`, from both places. */
  flags: string[];
}

/** Flags whose value is the next argument: it is not the script. */
const WITH_VALUE = new Set([
  '-r',
  '--require',
  '--import',
  '--loader',
  '--experimental-loader',
  '-C',
  '--conditions',
  '--env-file',
]);

/** Null where its command line may not be read. */
export async function readCommandLine(pid: number): Promise<CommandLine | null> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null);
  if (text === null) return null;
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  const words = text.replace(/\0+$/, '').split('\0');
  const options = /(?:^|\0)NODE_OPTIONS=([^\0]*)/.exec(environment)?.[1] ?? '';
  return { arguments: words, flags: [...options.split(/\s+/), ...ownFlags(words)].filter((flag) => flag) };
}

/** Those before the script. */
function ownFlags(words: readonly string[]): string[] {
  const flags: string[] = [];
  for (let at = 1; at < words.length; at++) {
    const word = words[at];
    if (!word.startsWith('-') || word === '-' || word === '--') break;
    flags.push(word);
    if (WITH_VALUE.has(word)) at++;
  }
  return flags;
}

export function hasFlag({ flags }: CommandLine, ...names: string[]): boolean {
  return flags.some((flag) => names.includes(normal(flag)));
}

/** The value of the last of these flags; null where none is set or it has none. */
export function flagValue({ flags }: CommandLine, ...names: string[]): string | null {
  const last = flags.findLast((flag) => flag.includes('=') && names.includes(normal(flag)));
  return last === undefined ? null : last.slice(last.indexOf('=') + 1);
}

/** V8's flags may be written with underscores. */
function normal(flag: string): string {
  return flag.replace(/=.*$/s, '').replaceAll('_', '-');
}

/** The script and its arguments, or what stands in their place; for people. */
export function scriptOf({ arguments: words }: CommandLine): string | undefined {
  for (let at = 1; at < words.length; at++) {
    const word = words[at];
    if (!word.startsWith('-')) return word;
    if (/^(-e|-p|-pe|--eval|--print|-|--)$/.test(word)) return undefined;
    if (WITH_VALUE.has(word)) at++;
  }
  return undefined;
}
