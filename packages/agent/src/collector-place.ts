/**
 * Decides before the fork what to do with the image: develop it here, by the reader or by V8's own generator, or store
 * it, to be developed elsewhere.
 */
import { formatBytes } from '@afterimage/host/format';
import { describeHeadroom, readHeadroom, reserveBytes } from '@afterimage/host/headroom';
import { developNeedBytes } from '@afterimage/image/read';
import { readNeedBytes } from '@afterimage/v8-heap/reader/checked-graph';
import { whyUnknown } from '@afterimage/v8-heap/reader/why-unreadable';
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

/** Pages of Node.js's own program that the reader needs and that may not be resident. */
const PROGRAM_BYTES = 32 << 20;

/** `boundBytes`: how much developing may use; null if only the reserve limits it. */
export type Place =
  { develop: true; by: 'reader' | 'v8'; boundBytes: number | null } | { develop: false; why: string };

type PlacedJob = Pick<CollectorJob, 'expected' | 'develop' | 'developMemoryMb' | 'path' | 'byV8'>;

/**
 * Chooses between developing and storing.
 * @throws {OutputError} `disk-full` if neither result would fit
 */
export async function choosePlace({
  expected,
  develop,
  developMemoryMb,
  path,
  byV8,
}: PlacedJob): Promise<Place> {
  const snapshotBytes = expected.heapUsed * SNAPSHOT_PER_HEAP;
  const by = byV8 || whyUnknown(process.arch, process.versions.v8) !== null ? 'v8' : 'reader';
  if (develop === 'always') {
    await checkDisk(path, snapshotBytes);
    return { develop: true, by, boundBytes: developMemoryMb === undefined ? null : developMemoryMb * 1e6 };
  }
  const boundBytes = (developMemoryMb ?? DEVELOP_MEMORY_MB) * 1e6;
  const why =
    develop === 'never'
      ? 'developing here is switched off'
      : await whyNotHere(needBytes(expected, by), path, snapshotBytes, boundBytes);
  if (why === null) return { develop: true, by, boundBytes };
  await checkDisk(path, expected.residentBytes * COMPRESSED_SHARE);
  return { develop: false, why };
}

/** How much memory developing takes. The reader keeps the image, which has the program in it. */
function needBytes(expected: PlacedJob['expected'], by: 'reader' | 'v8'): number {
  if (by === 'v8') return developNeedBytes(expected);
  return readNeedBytes(expected.heapTotal, expected.residentBytes + PROGRAM_BYTES);
}

async function whyNotHere(
  need: number,
  path: string,
  snapshotBytes: number,
  boundBytes: number,
): Promise<string | null> {
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
