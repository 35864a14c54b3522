/** The Node.js processes that one can see from here. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { readCommandLine, scriptOf, type CommandLine } from './command-line.js';
import { looksLikeNode, nodeVersionOf } from './node-version.js';
import { readStatus, type ProcessStatus } from '@afterimage/host/process-status';
import type { NodeProcess } from './candidate.js';

/** As an image child calls itself. */
const IMAGE_CHILD = 'afterimage';
/** The kit's command line has it, and its first line of output begins with it. */
export const KIT_GREETING = 'afterimage-kit';
/** As the others do that serve a capture. */
const HELPERS = ['afterimage-collector', 'afterimage-watchdog'];

/** Without this process itself, and what else serves a capture. */
export async function nodeProcesses(): Promise<NodeProcess[]> {
  const found = await Promise.all((await otherPids()).map(nodeProcess));
  return found.filter((candidate) => candidate !== null);
}

/** Those that call themselves Node.js, and may not be looked into from here. */
export async function closedProcesses(): Promise<ProcessStatus[]> {
  const found = await Promise.all((await otherPids()).map(closedProcess));
  return found.filter((status) => status !== null);
}

async function otherPids(): Promise<number[]> {
  const names = await readdir('/proc');
  return names.map(Number).filter((pid) => pid > 0 && pid !== process.pid);
}

async function closedProcess(pid: number): Promise<ProcessStatus | null> {
  const isOpen = await readlink(`/proc/${pid}/exe`).then(
    () => true,
    () => false,
  );
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

/** Whether it is there for a capture. A kit whose connection broke goes some seconds later, and its image child with it. */
export async function servesCapture(pid: number, commandLine: CommandLine | null): Promise<boolean> {
  const words = commandLine?.arguments ?? [];
  if (HELPERS.includes(words[0] ?? '') || words.some((word) => word.includes(KIT_GREETING))) return true;
  const name = await readFile(`/proc/${pid}/comm`, 'latin1').catch(() => '');
  return name.trim() === IMAGE_CHILD;
}

const WRAPPERS = /(^|[/ ])(npm|npx|yarn|pnpm|corepack)(-cli)?(\.[cm]?js)?( |$)/;

/** Whether it only starts another one, as `npm start` does. */
export function isWrapper({ commandLine }: NodeProcess): boolean {
  const script = commandLine === null ? undefined : scriptOf(commandLine);
  // npm renames its process: "npm start" is then all that is left of the command line.
  return WRAPPERS.test(script ?? '') || WRAPPERS.test(commandLine?.arguments[0] ?? '');
}
