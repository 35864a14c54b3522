/** The memory that contains a heap, no matter where it is read from. */

export interface Region {
  start: number;
  end: number;
}

export interface MemoryReader {
  /** Private writable mappings without a file, ascending by address. */
  regions: Region[];
  /** The region from which malloc serves its first thread; null if it was not read. */
  programBreak: Region | null;
  /**
   * Tells whether the page at an address is resident. Reading a page that is not would make it resident, and
   * so make the process larger: by 7 MB for Node 24, because of V8's reservations.
   */
  isResident(address: number): boolean;
  /** Fills `into` from the address; false if that was not possible in full. */
  read: (address: number, into: Uint8Array) => boolean;
  close(): void;
}

/** Returns what of regions lies in none of the others. */
export function without(regions: readonly Region[], others: readonly Region[]): Region[] {
  const parts: Region[] = [];
  const sorted = [...others].sort((a, b) => a.start - b.start);
  for (const region of regions) {
    let { start } = region;
    for (const other of sorted) {
      if (other.end <= start || other.start >= region.end) continue;
      if (other.start > start) parts.push({ start, end: other.start });
      start = other.end;
    }
    if (start < region.end) parts.push({ start, end: region.end });
  }
  return parts;
}

/** The first of regions in the order of addresses that ends after an address; their number where none does. */
export function firstEndingAfter(regions: readonly Region[], address: number): number {
  let [from, to] = [0, regions.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (regions[middle].end > address) to = middle;
    else from = middle + 1;
  }
  return from;
}
