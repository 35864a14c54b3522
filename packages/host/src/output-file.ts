/**
 * Writes the output file of a capture: under a temporary name in the same directory, and renamed only when it
 * is complete and on disk. Never follows, opens or replaces an existing file unless it is plainly an earlier
 * result.
 */
import { constants, statfsSync } from 'node:fs';
import { access, lstat, open, rename, stat, statfs, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, messageOf } from './errors.js';
import { formatBytes } from './format.js';

export type OutputFailure =
  | 'directory-missing'
  | 'directory-unwritable'
  | 'symbolic-link'
  | 'not-a-regular-file'
  | 'other-owner'
  | 'hard-links'
  | 'disk-full'
  | 'write-failed';

/** The result cannot be written to its path. */
export class OutputError extends Error {
  override name = 'OutputError';
  constructor(
    readonly code: OutputFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Checks that a result can be written to `path`: the directory accepts a file, and `path` is free or an
 * earlier result, a regular file.
 * @throws {OutputError}
 */
export async function checkOutput(path: string): Promise<void> {
  await checkDirectory(dirname(path));
  await checkInTheWay(path);
}

/**
 * Creates the empty temporary file with mode 0600, never through a link.
 * @throws {OutputError}
 */
export async function openTemporary(temporary: string): Promise<FileHandle> {
  const { O_CREAT, O_EXCL, O_WRONLY } = constants;
  // Windows has no O_NOFOLLOW; there O_EXCL alone already rejects a link.
  const noFollow = (constants as Partial<typeof constants>).O_NOFOLLOW ?? 0;
  try {
    return await open(temporary, O_CREAT | O_EXCL | O_WRONLY | noFollow, 0o600);
  } catch (error) {
    throw outputError(error, temporary);
  }
}

/**
 * Flushes the written file to disk, closes it, and renames it to `path`, replacing an earlier result.
 * @throws {OutputError}
 */
export async function publish(file: FileHandle, temporary: string, path: string): Promise<void> {
  try {
    await file.sync();
    const written = await file.stat();
    await file.close();
    const named = await lstat(temporary);
    if (named.ino !== written.ino || named.dev !== written.dev) {
      throw new OutputError(
        'write-failed',
        `${temporary} was replaced while it was written; the result was discarded`,
      );
    }
    await checkInTheWay(path);
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    throw outputError(error, path);
  }
}

/**
 * Turns the error of a write to `path` into an OutputError that says what happened. Call it before the file is removed, or
 * the figures of a full disk are those of an empty one.
 */
export function outputError(error: unknown, path: string): OutputError {
  if (error instanceof OutputError) return error;
  switch (codeOf(error)) {
    case 'ENOSPC':
      return new OutputError(
        'disk-full',
        `the disk is full: ${dirname(path)} has ${leftAt(path)}; free some space or choose another path`,
        { cause: error },
      );
    case 'EDQUOT':
      return new OutputError(
        'disk-full',
        `the disk quota of this user is used up: ${dirname(path)} has ${leftAt(path)}, for others; free some space or choose ` +
          'another path',
        { cause: error },
      );
    case 'EFBIG':
      return new OutputError(
        'write-failed',
        `${path} became larger than its process or its file system allows (ulimit -f): raise that limit, or choose a path that ` +
          'ends in .zst or .gz',
        { cause: error },
      );
    case 'ENOENT':
      return new OutputError(
        'directory-missing',
        `${dirname(path)} does not exist; make it or choose another path`,
        {
          cause: error,
        },
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ERR_ACCESS_DENIED':
      return new OutputError(
        'directory-unwritable',
        `${dirname(path)} cannot be written to (${messageOf(error)}); choose another path`,
        { cause: error },
      );
    default:
      return new OutputError('write-failed', `${path} could not be written: ${messageOf(error)}`, {
        cause: error,
      });
  }
}

/**
 * Returns the bytes that this user can still write to the file system of `path`'s directory; null if the file
 * system does not report it (a tmpfs without a limit, some network file systems).
 */
export async function freeDiskBytes(path: string): Promise<number | null> {
  try {
    const { bavail, blocks, bsize } = await statfs(dirname(path));
    return blocks === 0 ? null : bavail * bsize;
  } catch {
    return null;
  }
}

/**
 * Checks that the file system of `path` has room.
 * @param needed the largest estimated size of the result, in bytes
 * @throws {OutputError}
 */
export async function checkDisk(path: string, needed: number): Promise<void> {
  const free = await freeDiskBytes(path);
  if (free === null || free >= needed) return;
  throw new OutputError(
    'disk-full',
    `not enough disk: ${dirname(path)} has ${formatBytes(free)} free, about ${formatBytes(needed)} are needed; ` +
      'free some space or choose another path',
  );
}

/** Synchronous: what is free is different a moment later. */
function leftAt(path: string): string {
  try {
    const { bavail, bfree, blocks, bsize } = statfsSync(dirname(path));
    const forRoot = bfree > bavail ? ' for this user' : '';
    return `${formatBytes(bavail * bsize)} of ${formatBytes(blocks * bsize)} left${forRoot}`;
  } catch {
    return 'no space left';
  }
}

async function checkDirectory(directory: string): Promise<void> {
  try {
    const found = await stat(directory);
    if (!found.isDirectory()) {
      throw new OutputError('directory-missing', `${directory} is not a directory; choose another path`);
    }
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw outputError(error, `${directory}/`.replace('//', '/') + '.');
  }
}

async function checkInTheWay(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw outputError(error, path);
  });
  if (found === null) return;
  const refuse = (code: OutputFailure, what: string): never => {
    throw new OutputError(code, `${path} ${what}; remove it or choose another path`);
  };
  if (found.isSymbolicLink()) refuse('symbolic-link', 'is a symbolic link');
  if (found.isDirectory()) refuse('not-a-regular-file', 'is a directory');
  if (!found.isFile()) refuse('not-a-regular-file', 'is not a regular file');
  const own = process.geteuid?.();
  if (own !== undefined && found.uid !== own) {
    refuse('other-owner', `belongs to another user (uid ${found.uid}, this process is ${own})`);
  }
  if (found.nlink > 1) refuse('hard-links', `has ${found.nlink} hard links`);
}

async function syncDirectory(directory: string): Promise<void> {
  // Windows does not open directories; there the rename alone must do.
  if (process.platform === 'win32') return;
  // Some network file systems reject this; the file itself is already on disk, and has its name.
  const handle = await open(directory, constants.O_RDONLY).catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close().catch(() => undefined);
}
