/**
 * Tells which pages of a process are resident, from /proc/PID/pagemap (proc(5)); reading it makes no page
 * resident.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** User space ends here, and addresses below it are exact as numbers. */
const HIGHEST_ADDRESS = 2 ** 47;
const AT_PAGESZ = 6;
const ENTRY_BYTES = 8;
/** Last byte of a pagemap entry: its highest bit means that the page is resident. */
const PRESENT = 0x80;

export interface Residency {
  /** Returns the resident bytes from `start` to `end`. */
  resident(start: number, end: number): number;
  close(): void;
}

/**
 * Opens the pagemap of a process.
 * @throws the system's error: EACCES, ENOENT
 */
export function openResidency(pid: number): Residency {
  const pageBytes = kernelPageBytes();
  const descriptor = openSync(`/proc/${pid}/pagemap`, 'r');
  return {
    resident(start, end) {
      if (start < 0 || end > HIGHEST_ADDRESS) return 0;
      const first = Math.floor(start / pageBytes);
      const entries = Buffer.alloc((Math.ceil(end / pageBytes) - first) * ENTRY_BYTES);
      const read = readSync(descriptor, entries, 0, entries.length, first * ENTRY_BYTES);
      let pages = 0;
      for (let at = ENTRY_BYTES - 1; at < read; at += ENTRY_BYTES) if (entries[at] & PRESENT) pages++;
      return pages * pageBytes;
    },
    close: () => closeSync(descriptor),
  };
}

/**
 * Returns the kernel's page size from this process's auxiliary vector (getauxval(3), AT_PAGESZ): 4,096, or up
 * to 65,536 on arm64.
 */
function kernelPageBytes(): number {
  const vector = readFileSync('/proc/self/auxv');
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    if (vector.readUInt32LE(at) === AT_PAGESZ) return vector.readUInt32LE(at + 8);
  }
  return 4096;
}
