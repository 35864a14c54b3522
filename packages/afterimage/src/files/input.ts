/** Opens a command's input: a file by its path, or standard input as `-`. */
import { open } from 'node:fs/promises';
import { CommandError } from '../cli/command-error.js';
import { uninterrupted } from '../cli/interruption.js';

const CHUNK_BYTES = 256 * 1024;

/**
 * Opens `path` at once and yields its bytes. Ends early with the signal's reason if `signal` aborts.
 * @throws {CommandError} if it cannot be opened
 */
export async function openInput(
  path: string,
  signal: AbortSignal = uninterrupted,
): Promise<AsyncIterable<Uint8Array>> {
  if (path === '-') return openStandardInput(signal);
  const file = await unlessAborted(open(path, 'r'), signal).catch((error: unknown) => {
    throw cannotRead(path, error);
  });
  if ((await file.stat()).isDirectory()) {
    await file.close();
    throw new CommandError('failed', `${path} is a directory`);
  }
  const stream = file.createReadStream({ highWaterMark: CHUNK_BYTES, signal });
  return stream as AsyncIterable<Uint8Array>;
}

function openStandardInput(signal: AbortSignal): AsyncIterable<Uint8Array> {
  if (process.stdin.isTTY) {
    throw new CommandError('usage', 'standard input is a terminal: pipe a file into it, or name one');
  }
  const onAbort = (): void => void process.stdin.destroy(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  return process.stdin as AsyncIterable<Uint8Array>;
}

/** Opening a named pipe waits for its writer, possibly forever. */
function unlessAborted<T>(opening: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    opening.then(resolve, reject);
  });
}

function cannotRead(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  const reasons: Record<string, string> = {
    ENOENT: `${path} does not exist`,
    EACCES: `${path} is not readable by this user`,
    ENOTDIR: `${path} does not exist: a part of it is not a directory`,
  };
  const reason = code === undefined ? undefined : (reasons[code] ?? `${path} cannot be opened (${code})`);
  return reason === undefined ? error : new CommandError('failed', reason, { cause: error });
}
