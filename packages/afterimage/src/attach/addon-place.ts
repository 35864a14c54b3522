/**
 * Puts the addon where the target can load it: uses the installed file if the target sees it and can read it;
 * else a copy in a directory of the target on a mount that is writable and allows execution.
 */
import { orElse } from '@afterimage/host/errors';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseMounts, type Mount } from '@afterimage/host/mounts';
import { CommandError } from '../cli/command-error.js';
import type { ProcessStatus } from '@afterimage/host/process-status';

export interface PlacedAddon {
  /** Path as the target sees it. */
  path: string;
  /** Removes a copy, which is not needed after loading. */
  remove(): Promise<void>;
}

/** The installed file, or its contents. */
export type AddonSource = { file: string } | { contents: Uint8Array };

export interface VersionedAddon {
  addon: AddonSource;
  /** Distinguishes builds. */
  addonVersion: string;
}

const DIRECTORIES = ['/tmp', '/dev/shm', '/var/tmp', '/run'];

/**
 * Places the addon.
 * @param onDirectory called right before a directory is made for a copy, with its path in this process's view
 * @throws {CommandError} `refused`, with what each place lacks
 */
export async function placeAddon(
  target: ProcessStatus,
  source: AddonSource,
  onDirectory: (directory: string) => Promise<void>,
): Promise<PlacedAddon> {
  const { pid } = target;
  const mounts = await readMounts(pid);
  if ('file' in source && isLoadable(source.file, mounts) && (await sees(target, source.file)))
    return { path: source.file, remove: () => Promise.resolve() };

  const contents = 'file' in source ? await readFile(source.file) : source.contents;
  const home = await readlink(`/proc/${pid}/cwd`).catch(orElse(null));
  const faults: string[] = [];
  for (const directory of [...DIRECTORIES, ...(home === null ? [] : [home])]) {
    const fault = mountFault(directory, mounts) ?? (await copyInto(target, directory, contents, onDirectory));
    if (typeof fault !== 'string') return fault;
    faults.push(`${directory} ${fault}`);
  }
  throw new CommandError(
    'refused',
    `process ${pid} has no directory to load the native part from (${faults.join(', ')}): give it a writable /tmp that is ` +
      'not noexec (in Kubernetes an emptyDir, in Docker --tmpfs /tmp:exec), or start it with the agent',
  );
}

/** Returns what was wrong, or the path of the copy. */
async function copyInto(
  { pid, uid, gid }: ProcessStatus,
  directory: string,
  contents: Uint8Array,
  onDirectory: (directory: string) => Promise<void>,
): Promise<PlacedAddon | string> {
  const parent = await open(join(rootOf(pid), directory)).catch(describe);
  if (typeof parent === 'string') return parent;
  const name = `afterimage-${randomBytes(8).toString('hex')}`;
  // Not through the target's root, so that it can be removed even after the target has ended.
  const made = `/proc/self/fd/${parent.fd}/${name}`;
  const remove = async (): Promise<void> => {
    // The file by itself and first: where the directory cannot be removed, at least it is empty.
    const once = async (): Promise<void> => {
      await rm(join(made, 'addon.node'), { force: true });
      await rm(made, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 });
    };
    // Once more: a call that fails once must not leave a file in the target.
    await once()
      .catch(once)
      .finally(() => parent.close());
  };
  try {
    await onDirectory(join(rootOf(pid), directory, name));
    await mkdir(made, { mode: 0o700 });
    await writeFile(join(made, 'addon.node'), contents, { flag: 'wx', mode: 0o644 });
    await chmod(join(made, 'addon.node'), 0o644);
    if (process.geteuid?.() !== uid || process.getegid?.() !== gid) await chmod(made, 0o755);
    return { path: join(directory, name, 'addon.node'), remove };
  } catch (error) {
    await remove();
    return describe(error);
  }
}

/** Says what a directory lacks. */
function describe(error: unknown): string {
  const reasons: Record<string, string> = {
    ENOENT: 'is not there',
    EROFS: 'is read-only',
    EACCES: 'may not be written to',
    ENOSPC: 'is full',
  };
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return reasons[code] ?? `takes no file (${code})`;
}

const rootOf = (pid: number): string => `/proc/${pid}/root`;

/** Tells whether the target sees the same file, and its user can read it. */
async function sees({ pid, uid }: ProcessStatus, file: string): Promise<boolean> {
  const [own, its] = await Promise.all([stat(file), stat(rootOf(pid) + file).catch(orElse(null))]);
  if (its === null || its.dev !== own.dev || its.ino !== own.ino) return false;
  if (uid === 0 || uid === process.geteuid?.()) return true;
  // Groups and access lists are unknown here, so the file must be readable by everyone.
  if ((own.mode & 0o004) === 0) return false;
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    if (((await stat(directory)).mode & 0o001) === 0) return false;
    if (directory === '/') return true;
  }
}

async function readMounts(pid: number): Promise<Mount[]> {
  return parseMounts(await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(orElse('')));
}

function isLoadable(path: string, mounts: readonly Mount[]): boolean {
  return !mountOf(path, mounts)?.options.includes('noexec');
}

function mountFault(directory: string, mounts: readonly Mount[]): string | null {
  const options = mountOf(directory, mounts)?.options ?? [];
  if (options.includes('noexec')) return 'is noexec';
  return options.includes('ro') ? 'is read-only' : null;
}

/** Returns the topmost mount, if several are stacked. */
function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  const covers = ({ point }: Mount): boolean =>
    point === '/' || path === point || path.startsWith(`${point}/`);
  return mounts
    .filter(covers)
    .reduce<Mount | undefined>(
      (best, next) => (best === undefined || next.point.length >= best.point.length ? next : best),
      undefined,
    );
}
