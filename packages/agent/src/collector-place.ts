/**
 * Decides what becomes of an image, now that its header says how big it is: developed here, or stored to be
 * developed where there is room.
 */
import { formatBytes } from './figures.js';
import { describeHeadroom, readHeadroom, reserveBytes } from './headroom.js';
import { developNeedBytes, type ImageHeader } from './image.js';
import { COMPRESSED_SHARE } from './image-store.js';
import type { DevelopWhen } from './options.js';
import { checkDisk, freeDiskBytes } from './output-file.js';

/** Of the snapshot to the heap; seen: 1.8, with many small objects. */
const SNAPSHOT_PER_HEAP = 2;

export type Place = { develop: true } | { develop: false; why: string };

/**
 * @param path where the result goes
 * @throws {OutputError} `disk-full`, where neither result would fit
 */
export async function choosePlace(header: ImageHeader, when: DevelopWhen, path: string): Promise<Place> {
  const snapshotBytes = header.metadata.heap.used * SNAPSHOT_PER_HEAP;
  if (when === 'always') {
    await checkDisk(path, snapshotBytes);
    return { develop: true };
  }
  const why =
    when === 'never' ? 'developing here is switched off' : await whyNotHere(header, path, snapshotBytes);
  if (why === null) return { develop: true };
  await checkDisk(path, header.residentBytes * COMPRESSED_SHARE);
  return { develop: false, why };
}

async function whyNotHere(header: ImageHeader, path: string, snapshotBytes: number): Promise<string | null> {
  const need = developNeedBytes(header);
  const headroom = await readHeadroom();
  if (headroom.available - reserveBytes(headroom.limit) < need) {
    return `developing it takes up to ${formatBytes(need)} of memory, ${describeHeadroom(headroom)}`;
  }
  const free = await freeDiskBytes(path);
  if (free !== null && free < snapshotBytes) {
    return `the snapshot may take ${formatBytes(snapshotBytes)} of disk, ${formatBytes(free)} are free`;
  }
  return null;
}
