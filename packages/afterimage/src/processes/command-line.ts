/**
 * Finds the flags with which a Node.js process was started: on its command line, in NODE_OPTIONS, and in the
 * files that those name.
 */
import { orElse } from '@afterimage/host/errors';
import { readFile } from 'node:fs/promises';
import { flagsIn, isValueFlag, normalName, optionWords } from './node-flags.js';
import { isSingleExecutable } from './node-version.js';
import { flagsInFiles } from './option-files.js';

export interface CommandLine {
  /** As the process was started, or as it has renamed itself since. */
  arguments: string[];
  /** `--name` or `--name=value`, from all places; of two that conflict, the later one counts. */
  flags: string[];
  /** Whether its executable contains the application, so that no argument is a flag of Node's. */
  isSingleExecutable: boolean;
}

/** Returns null if the command line cannot be read. */
export async function readCommandLine(pid: number): Promise<CommandLine | null> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(orElse(null));
  if (text === null) return null;
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(orElse(''));
  const words = text.replace(/\0+$/, '').split('\0');
  const isSingle = await isSingleExecutable(pid);
  const own = isSingle ? [] : flagsIn(words.slice(1));
  const options = /(?:^|\0)NODE_OPTIONS=([^\0]*)/.exec(environment)?.[1];
  const files = await flagsInFiles(pid, own);
  return {
    arguments: words,
    flags: [...files.config, ...flagsIn(optionWords(options ?? files.options)), ...own],
    isSingleExecutable: isSingle,
  };
}

export function hasFlag({ flags }: CommandLine, ...names: string[]): boolean {
  return flags.some((flag) => names.includes(normalName(flag)));
}

/** Tells whether the flag is on: whether it comes later than its `--no-` form. */
export function isOn({ flags }: CommandLine, name: string): boolean {
  const negation = name.replace(/^--/, '--no-');
  return normalName(flags.findLast((flag) => [name, negation].includes(normalName(flag))) ?? '') === name;
}

/** Returns the value of the last of these flags; null if none is set or it has no value. */
export function flagValue({ flags }: CommandLine, ...names: string[]): string | null {
  const last = flags.findLast((flag) => flag.includes('=') && names.includes(normalName(flag)));
  return last === undefined ? null : last.slice(last.indexOf('=') + 1);
}

/** Returns the script and its arguments, or their substitute, for people. */
export function scriptOf({
  arguments: words,
  isSingleExecutable: isSingle,
}: CommandLine): string | undefined {
  if (isSingle) return undefined;
  for (let at = 1; at < words.length; at++) {
    const word = words[at];
    if (!word.startsWith('-')) return word;
    if (/^(-e|-p|-pe|--eval|--print|-|--)$/.test(word)) return undefined;
    if (isValueFlag(word)) at++;
  }
  return undefined;
}

/** Returns the script with its arguments, or without a script what follows the program, for people. */
export function commandOf(commandLine: CommandLine): string[] {
  const words = commandLine.arguments;
  if (commandLine.isSingleExecutable) return words;
  const script = scriptOf(commandLine);
  const command = words.slice(script === undefined ? 1 : words.indexOf(script, 1));
  return command.length > 0 ? command : words;
}

/** Returns the value of --max-old-space-size in bytes; null if it is not set. */
export function heapLimitOf(commandLine: CommandLine): number | null {
  const megabytes = Number(flagValue(commandLine, '--max-old-space-size'));
  return megabytes > 0 ? megabytes * 2 ** 20 : null;
}
