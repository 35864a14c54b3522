/**
 * Decides before the fork what to do with the image: develop it here, which does not need the program's
 * pages in it, or store it whole, to be developed elsewhere.
 */
import { formatBytes } from '@afterimage/host/format';
import { describeHeadroom, readHeadroom, reserveBytes } from '@afterimage/host/headroom';
import { developNeedBytes, type ImageSize } from '@afterimage/image/read';
import { COMPRESSED_SHARE } from '@afterimage/image/stored-size';
import type { CollectorJob } from './collector-protocol.js';
import { DEVELOP_MEMORY_MB } from './options.js';
import { checkDisk, freeDiskBytes } from '@afterimage/host/output-file';

/** Estimated size of the snapshot relative to the heap; measured: 1.8, with many small objects. */
const SNAPSHOT_PER_HEAP = 2;

/**
 * This multiple of the memory for developing must be free below the tightest limit, because the server keeps
 * growing meanwhile.
 */
const FREE_PER_NEED = 2;

/** `boundBytes`: how much the darkroom may use; null if only the reserve limits it. */
export type Place = { develop: true; boundBytes: number | null } | { develop: false; why: string };

/**
 * Chooses between developing and storing.
 * @throws {OutputError} `disk-full` if neither result would fit
 */
export async function choosePlace(
  expected: ImageSize,
  { develop, developMemoryMb, path }: Pick<CollectorJob, 'develop' | 'developMemoryMb' | 'path'>,
): Promise<Place> {
  const snapshotBytes = expected.heapUsed * SNAPSHOT_PER_HEAP;
  if (develop === 'always') {
    await checkDisk(path, snapshotBytes);
    return { develop: true, boundBytes: developMemoryMb === undefined ? null : developMemoryMb * 1e6 };
  }
  const boundBytes = (developMemoryMb ?? DEVELOP_MEMORY_MB) * 1e6;
  const why =
    develop === 'never'
      ? 'developing here is switched off'
      : await whyNotHere(expected, path, snapshotBytes, boundBytes);
  if (why === null) return { develop: true, boundBytes };
  await checkDisk(path, expected.residentBytes * COMPRESSED_SHARE);
  return { develop: false, why };
}

async function whyNotHere(
  expected: ImageSize,
  path: string,
  snapshotBytes: number,
  boundBytes: number,
): Promise<string | null> {
  const need = developNeedBytes(expected);
  if (need > boundBytes) {
    return `developing it takes up to ${formatBytes(need)} of memory, at most ${formatBytes(boundBytes)} are allowed here`;
  }
  const headroom = await readHeadroom();
  if (headroom.available - reserveBytes(headroom.limit) < need * FREE_PER_NEED) {
    return (
      `developing it takes up to ${formatBytes(need)} of memory, and ${FREE_PER_NEED} times that must be free: ` +
      describeHeadroom(headroom)
    );
  }
  const free = await freeDiskBytes(path);
  if (free !== null && free < snapshotBytes) {
    return `the snapshot may take ${formatBytes(snapshotBytes)} of disk, ${formatBytes(free)} are free`;
  }
  return null;
}
