/** Reads the memory of another process without its help and without stopping it (proc(5): maps and mem). */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { MemoryReader, Region } from './memory.js';
import { openResidency } from './residency.js';

/** Addresses below this are exact as numbers. */
const HIGHEST_ADDRESS = 2 ** 47;

export interface ProcessMemory extends MemoryReader {
  /** Private mappings without a file that cannot be written, ascending by address: V8's read-only space. */
  readOnly: Region[];
}

/**
 * Opens the memory of a process.
 * @throws the system's error: EACCES, EPERM, ENOENT
 */
export function openMemory(pid: number): ProcessMemory {
  const mappings = mappingsIn(readFileSync(`/proc/${pid}/maps`, 'latin1'));
  const regions = mappings.filter(({ rights }) => /^rw.p$/.test(rights));
  const residency = openResidency(pid);
  const descriptor = openSync(`/proc/${pid}/mem`, 'r');
  return {
    regions: regions.filter(({ name }) => !name.startsWith('[stack')),
    readOnly: mappings.filter(({ name, rights }) => rights === 'r--p' && name === ''),
    programBreak: regions.find(({ name }) => name === '[heap]') ?? null,
    read: (address, into) => {
      if (address < 0 || address + into.length > HIGHEST_ADDRESS) return false;
      try {
        return readSync(descriptor, into, 0, into.length, address) === into.length;
      } catch {
        return false; // unmapped, now or from the start
      }
    },
    isResident: (address) => residency.resident(address, address + 1) > 0,
    close: () => {
      residency.close();
      closeSync(descriptor);
    },
  };
}

function mappingsIn(maps: string): (Region & { name: string; rights: string })[] {
  return maps.split('\n').flatMap((line) => {
    // "7f12a000-7f12c000 rw-p 00000000 00:00 0   [heap]"
    const [range, rights, , , inode, name = ''] = line.split(/\s+/);
    if (inode !== '0') return [];
    const [start, end] = range.split('-').map((address) => parseInt(address, 16));
    return end <= HIGHEST_ADDRESS ? [{ start, end, name, rights }] : [];
  });
}
