/** Copies the pages of a heap into the memory of the compiled reader. */
import { formatBytes } from '@afterimage/host/format';
import type { ImageMemory } from '../image/image-memory.js';
import { firstEndingAfter } from '../memory.js';
import { PAGE_BYTES } from '../pages.js';
import type { CompiledHeap } from './compiled-heap.js';
import type { FoundPage } from './page-headers.js';

/** WebAssembly addresses 4 GiB, of which marking and the graph need their part. */
const MAX_HEAP_BYTES = 3.5 * 2 ** 30;

/** The heap does not fit into the reader. */
export class HeapTooLargeError extends Error {
  override name = 'HeapTooLargeError';
}

/** @throws {HeapTooLargeError} */
export function loadPages(heap: CompiledHeap, memory: ImageMemory, pages: readonly FoundPage[]): void {
  const bytes = pages.reduce((sum, { size }) => sum + Math.ceil(size / PAGE_BYTES) * PAGE_BYTES, 0);
  if (bytes > MAX_HEAP_BYTES)
    throw new HeapTooLargeError(
      `the heap's pages take ${formatBytes(bytes)}, and the reader has room for ${formatBytes(MAX_HEAP_BYTES)}`,
    );
  if (!heap.reserveHeap(bytes))
    throw new HeapTooLargeError(
      `the heap's pages take ${formatBytes(bytes)}, and there is not so much memory`,
    );
  const { READ_ONLY, LARGE, YOUNG } = heap.constants;
  for (const { address, size, start, end, isReadOnly, isLarge, isYoung } of pages) {
    const flags = (isReadOnly ? READ_ONLY : 0) | (isLarge ? LARGE : 0) | (isYoung ? YOUNG : 0);
    const copy = heap.addPage(BigInt(address), size, BigInt(start), BigInt(end), flags) >>> 0;
    if (copy === 0)
      throw new HeapTooLargeError(`there is no room for the heap's page at 0x${address.toString(16)}`);
    copyPresent(memory, address, heap.bytes(copy, size));
  }
}

/** What was never touched is not in an image: it stays zero. */
function copyPresent({ contents, read }: ImageMemory, address: number, into: Uint8Array): void {
  const end = address + into.length;
  for (let at = firstEndingAfter(contents, address); at < contents.length && contents[at].start < end; at++) {
    const from = Math.max(contents[at].start, address);
    read(from, into.subarray(from - address, Math.min(contents[at].end, end) - address));
  }
}
