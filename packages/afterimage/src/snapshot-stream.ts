/** A snapshot as the stream of its bytes, for commands that need not know all of it at once. */
import { CommandError } from './command-error.js';
import { decompressed, split } from './compression.js';
import { openInput } from './input.js';

const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);

/**
 * The bytes of the snapshot in the file `path`, or in standard input as `-`, without its compression.
 * @throws {CommandError} when it cannot be opened or is an image
 */
export async function openSnapshotStream(
  path: string,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const [beginning, chunks] = await split(decompressed(await openInput(path, signal)), ELF.length);
  refuseImage(beginning, path);
  return chunks;
}

/** @throws {CommandError} when it begins as an image does */
export function refuseImage(beginning: Buffer, path: string): void {
  if (!isImage(beginning)) return;
  const name = path === '-' ? 'standard input' : path;
  throw new CommandError(
    'failed',
    `${name} is an image, not a snapshot: develop it first: afterimage develop ${path} -o FILE.heapsnapshot`,
  );
}

export function isImage(beginning: Buffer): boolean {
  return beginning.subarray(0, ELF.length).equals(ELF);
}
