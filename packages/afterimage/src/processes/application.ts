/** Identifies the application of a process, for people and for file names. */
import { orElse } from '@afterimage/host/errors';
import { applicationName } from '@afterimage/host/application-name';
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { scriptOf, type CommandLine } from './command-line.js';

export interface Application {
  /** Name of its package, or else of its script. */
  name: string;
  /** Directory in which it was started, as the process sees it; null if that cannot be read. */
  directory: string | null;
}

export async function applicationOf(pid: number, commandLine: CommandLine | null): Promise<Application> {
  const root = `/proc/${pid}/root`;
  const directory = await readlink(`/proc/${pid}/cwd`).catch(orElse(null));
  const script = commandLine === null ? undefined : scriptOf(commandLine);
  const inRoot = (path: string): string =>
    root + (path.startsWith('/') ? path : join(directory ?? '/', path));
  const name = applicationName(script === undefined ? undefined : inRoot(script), inRoot(directory ?? '/'));
  return { name, directory };
}
