/** The Node.js processes that one can see from here. */
import { readdir } from 'node:fs/promises';
import { readCommandLine, scriptOf } from './command-line.js';
import { looksLikeNode, nodeVersionOf } from './node-version.js';
import { readStatus } from './process-status.js';
import type { NodeProcess } from './candidate.js';

/** Without this process itself. */
export async function nodeProcesses(): Promise<NodeProcess[]> {
  const names = await readdir('/proc');
  const pids = names.map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const found = await Promise.all(pids.map(nodeProcess));
  return found.filter((candidate) => candidate !== null);
}

async function nodeProcess(pid: number): Promise<NodeProcess | null> {
  if (!(await looksLikeNode(pid))) return null;
  const [status, commandLine, nodeVersion] = await Promise.all([
    readStatus(pid),
    readCommandLine(pid),
    nodeVersionOf(pid),
  ]);
  return status === null || nodeVersion === null ? null : { status, commandLine, nodeVersion };
}

const WRAPPERS = /(^|[/ ])(npm|npx|yarn|pnpm|corepack)(-cli)?(\.[cm]?js)?( |$)/;

/** Whether it only starts another one, as `npm start` does. */
export function isWrapper({ commandLine }: NodeProcess): boolean {
  const script = commandLine === null ? undefined : scriptOf(commandLine);
  // npm renames its process: "npm start" is then all that is left of the command line.
  return WRAPPERS.test(script ?? '') || WRAPPERS.test(commandLine?.arguments[0] ?? '');
}
