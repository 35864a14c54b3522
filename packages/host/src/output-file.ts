/**
 * The file a capture leaves behind. It is written under a temporary name in the same directory and appears
 * under its own name only when it is whole and on the disk. Nothing that is in the way and not plainly an
 * earlier result of ours is ever followed, opened or replaced.
 */
import { constants } from 'node:fs';
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

/** The result cannot be put where it should go. */
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
 * Checks that a result can be put at `path`: the directory takes a file, and what is there already is a
 * regular file of ours or nothing.
 * @throws {OutputError}
 */
export async function checkOutput(path: string): Promise<void> {
  await checkDirectory(dirname(path));
  await checkInTheWay(path);
}

/**
 * Makes the empty temporary file, mode 0600, never through a link.
 * @throws {OutputError}
 */
export async function openTemporary(temporary: string): Promise<FileHandle> {
  const { O_CREAT, O_EXCL, O_WRONLY } = constants;
  // Windows has no O_NOFOLLOW; O_EXCL alone already refuses a link there.
  const noFollow = (constants as Partial<typeof constants>).O_NOFOLLOW ?? 0;
  try {
    return await open(temporary, O_CREAT | O_EXCL | O_WRONLY | noFollow, 0o600);
  } catch (error) {
    throw outputError(error, temporary);
  }
}

/**
 * Puts the written file on the disk, closes it and gives it its name, in place of an earlier result.
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
        `${temporary} was replaced while it was written; nothing is kept`,
      );
    }
    await checkInTheWay(path);
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    throw outputError(error, path);
  }
}

/** What the error of a write to `path` means. */
export function outputError(error: unknown, path: string): OutputError {
  if (error instanceof OutputError) return error;
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new OutputError(
        'disk-full',
        `the disk is full: ${dirname(path)} took no more; free some space or choose another path`,
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
 * Free bytes for this user on the file system of `path`'s directory, or null where it does not say (a tmpfs
 * without a limit, some network file systems).
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
 * @param needed bytes the result is estimated to take at most
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
    throw new OutputError(code, `${path} ${what}; it was left alone: remove it or choose another path`);
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
  // Windows opens no directories; there the rename alone has to do.
  if (process.platform === 'win32') return;
  const handle = await open(directory, constants.O_RDONLY);
  try {
    await handle.sync();
  } catch {
    // Some network file systems refuse this; the file itself is on the disk by now.
  } finally {
    await handle.close();
  }
}
