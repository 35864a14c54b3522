/** Finds the Node.js processes that are visible from here. */
import { orElse } from '@afterimage/host/errors';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { readCommandLine, scriptOf, type CommandLine } from './command-line.js';
import { looksLikeNode, nodeVersionOf } from './node-version.js';
import { readStatus, type ProcessStatus } from '@afterimage/host/process-status';
import type { NodeProcess } from './candidate.js';

/** Name of an image child's process. */
const IMAGE_CHILD = 'afterimage';
/** Part of the kit's command line, and the beginning of its first output line. */
export const KIT_GREETING = 'afterimage-kit';
/** Process titles of other helpers of a capture. */
const HELPERS = ['afterimage-collector', 'afterimage-reader', 'afterimage-watchdog'];

/** Returns the processes, except this one and helpers of captures. */
export async function nodeProcesses(): Promise<NodeProcess[]> {
  const found = await Promise.all((await otherPids()).map(nodeProcess));
  return found.filter((candidate) => candidate !== null);
}

/** Returns processes that call themselves Node.js but cannot be inspected from here. */
export async function closedProcesses(): Promise<ProcessStatus[]> {
  const found = await Promise.all((await otherPids()).map(closedProcess));
  return found.filter((status) => status !== null);
}

async function otherPids(): Promise<number[]> {
  const names = await readdir('/proc');
  return names.map(Number).filter((pid) => pid > 0 && pid !== process.pid);
}

async function closedProcess(pid: number): Promise<ProcessStatus | null> {
  const isOpen = await readlink(`/proc/${pid}/exe`).then(() => true, orElse(false));
  if (isOpen || !(await looksLikeNode(pid)) || (await servesCapture(pid, await readCommandLine(pid))))
    return null;
  const status = await readStatus(pid);
  return status === null || status.state === 'Z' ? null : status;
}

async function nodeProcess(pid: number): Promise<NodeProcess | null> {
  if (!(await looksLikeNode(pid))) return null;
  const [status, commandLine, nodeVersion] = await Promise.all([
    readStatus(pid),
    readCommandLine(pid),
    nodeVersionOf(pid),
  ]);
  if (status === null || nodeVersion === null || (await servesCapture(pid, commandLine))) return null;
  return { status, commandLine, nodeVersion };
}

/**
 * Tells whether a process is a helper of a capture. A kit whose connection broke ends some seconds later, and
 * its image child with it.
 */
export async function servesCapture(pid: number, commandLine: CommandLine | null): Promise<boolean> {
  const words = commandLine?.arguments ?? [];
  if (HELPERS.includes(words[0] ?? '') || words.some((word) => word.includes(KIT_GREETING))) return true;
  const name = await readFile(`/proc/${pid}/comm`, 'latin1').catch(orElse(''));
  return name.trim() === IMAGE_CHILD;
}

const WRAPPERS = /(^|[/ ])(npm|npx|yarn|pnpm|corepack)(-cli)?(\.[cm]?js)?( |$)/;

/** Tells whether a process only starts another one, like `npm start`. */
export function isWrapper({ commandLine }: NodeProcess): boolean {
  const script = commandLine === null ? undefined : scriptOf(commandLine);
  // npm renames its process: "npm start" is then the whole command line.
  return WRAPPERS.test(script ?? '') || WRAPPERS.test(commandLine?.arguments[0] ?? '');
}
